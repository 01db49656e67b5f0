"""Two people who take names that look alike at the same moment: one of them does, and the other one is told."""

import threading
from collections.abc import Callable

import pytest
from django.db import connections, transaction

from data.errors import Refused
from teams.audit.actors import COMMAND_LINE
from teams.models import Invitation, Member, Team
from teams.people import accounts, members
from tests.fixtures import Make

pytestmark = pytest.mark.django_db(transaction=True)

# The second one with a Cyrillic a.
NAME, ALIKE = "Ada Lovelace", "Ad\u0430 Lovelace"


def _rename(member: Member, invitation: Invitation) -> None:
    accounts.rename(member.user, ALIKE)


def _save_account(member: Member, invitation: Invitation) -> None:
    member.user.first_name, member.user.last_name = "Ad\u0430", "Lovelace"
    accounts.save_account(member.user, COMMAND_LINE)


def _accept_as_new(member: Member, invitation: Invitation) -> None:
    members.accept_as_new(invitation, ALIKE, "a long enough password", was_mailed=False)


def _accept(member: Member, invitation: Invitation) -> None:
    elsewhere = member.user
    Member.objects.filter(pk=member.pk).delete()
    elsewhere.first_name = ALIKE
    elsewhere.save()
    members.accept(invitation, elsewhere)


@pytest.mark.parametrize("take", [_rename, _save_account, _accept_as_new, _accept])
def test_the_later_one_sees_the_name_that_the_earlier_one_took(
    team: Team, make_member: Make[Member], take: Callable[[Member, Invitation], None]
) -> None:
    first, second = make_member(), make_member()
    invitation, _ = members.invite(team, "new@example.com", "viewer", COMMAND_LINE)
    said: list[str] = []

    def take_too() -> None:
        try:
            take(second, invitation)
        except Refused as refusal:
            said.append(refusal.message)
        finally:
            connections.close_all()

    other = threading.Thread(target=take_too)
    with transaction.atomic():
        accounts.rename(first.user, NAME)
        other.start()
        other.join(1)  # it has looked by now, unless it waits
    other.join(20)
    assert len(said) == 1 and f"looks like {NAME}" in said[0]


def test_two_who_change_the_same_person_do_not_wait_for_each_other_for_ever(make_member: Make[Member]) -> None:
    """Both take the lock of names before that of the person."""
    user, failed = make_member().user, []

    def act(change: Callable[[], None]) -> None:
        try:
            for _ in range(20):
                change()
        except Exception as error:
            failed.append(error)
        finally:
            connections.close_all()

    acts = [lambda: accounts.rename(user, NAME), lambda: accounts.save_account(user, COMMAND_LINE)]
    threads = [threading.Thread(target=act, args=[change]) for change in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert failed == []
