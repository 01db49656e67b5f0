"""Names of people: read as they are written, and taken for nobody else's."""

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from data.errors import Refused
from data.texts import lookalikes
from data.texts.signs import unseen_in_name
from teams.audit.actors import BATON
from teams.models import AuditEntry, Member, Team, User
from teams.people import accounts, members, person_names
from tests.fixtures import Make, sign_in

pytestmark = pytest.mark.django_db

_RESERVED = [
    *(
        "Baton",
        "BATON",
        "baton",
        "Bat0n",
        "B a t o n",
        "Baton.",
        "“Baton”",
        "Baton 1",
        "The Baton Team",
        "Baton Support",
    ),
    *("Ваtоn", "ВАТОN", "Βατοn", "Ｂａｔｏｎ", "ʙᴀᴛᴏɴ", "🅱🅰🆃🅾🅽", "𝐁𝐚𝐭𝐨𝐧", "Bâton", "Ba̲ton", "ⒷⒶⓉⓄⓃ"),
    *("System", "Ѕystem", "Administrator", "Аdministrator", "Admіn", "Support", "Supροrt", "System Administrator"),
    *("API key deploy", "АРІ key deploy", "Command line", "Someone", "A person", "Operator", "Not signed in", "Root"),
    *("SysAdmin", "Admin (Baton)", "_support_", "The Administrators"),
]


@pytest.mark.parametrize("name", _RESERVED)
def test_nobody_is_called_like_baton_or_one_of_its_actors(member: Member, name: str) -> None:
    with pytest.raises(Refused, match="reserved") as refusal:
        accounts.rename(member.user, name)
    assert set(refusal.value.fields or {}) == {"name"}
    member.user.refresh_from_db()
    assert member.user.get_full_name() == ""


_SIGNS = [
    *"\u00ad\u034f\u061c\u115f\u1160\u17b4\u180e\u200b\u200c\u200d\u200e\u200f\u202a\u202e\u2060\u2066\u2069\u2800\u3164",
    *"\ufe0f\ufeff\uffa0\U000e0041\U000e0100\ue000\x07\x1b\x85",
]


@pytest.mark.parametrize("sign", _SIGNS, ids=lambda sign: f"{ord(sign):04X}")
def test_no_name_holds_a_sign_that_nobody_sees(member: Member, sign: str) -> None:
    for name in (f"Ada{sign} Lovelace", f"{sign}Ada", f"Ada{sign}"):
        with pytest.raises(Refused) as refusal:
            accounts.rename(member.user, name)
        assert set(refusal.value.fields or {}) == {"name"}


@pytest.mark.parametrize(
    "name",
    [
        *("Ada Lovelace", "Joe Root", "Jean Baton", "You", "An Nguyen", "María-José Carreño Quiñones", "Анна Петрова"),
        *("علی\u200cرضا", "मुख\u200dय", "李小龙", "O’Neill", "Søren", "Ada ❤️", "👩\u200d🚀 Ada", "Support Ada", "Key"),
    ],
)
def test_names_of_people_everywhere_are_kept_as_typed(member: Member, name: str) -> None:
    accounts.rename(member.user, name)
    assert member.user.get_full_name() == name


_DOUBLES = [
    "Ian Ross",
    "lan Ross",
    "Iаn Ross",
    "IAN ROSS",
    "Ian Rоss",
    "Ian  Ross.",
    "Ｉan Ross",
    "Ian R̲oss",
    "1an Ross",
]


@pytest.mark.parametrize("name", _DOUBLES)
def test_nobody_is_called_like_a_colleague(make_member: Make[Member], make_team: Make[Team], name: str) -> None:
    ian, other, stranger = make_member(), make_member(), make_member(of=make_team())
    accounts.rename(ian.user, "Ian Ross")
    with pytest.raises(Refused, match=f"looks like Ian Ross \\({ian.user.email}\\)"):
        accounts.rename(other.user, name)
    accounts.rename(stranger.user, "Ian Ross")  # in another team it is just a name
    accounts.rename(ian.user, "Ian Ross")  # and one's own


def test_names_that_differ_for_a_reader_are_two_names() -> None:
    for one, other in (("Ada", "Adá"), ("Ian", "Lan"), ("Anna", "Anne"), ("李小龙", "李小虎"), ("Бо", "Во")):
        assert not lookalikes.keys(one) & lookalikes.keys(other)


def test_nobody_is_called_like_an_operator_of_all_teams(make_member: Make[Member]) -> None:
    User.objects.create_superuser("root@example.com", first_name="Grace", last_name="Hopper")
    with pytest.raises(Refused, match="looks like Grace Hopper"):
        accounts.rename(make_member().user, "Grасe Hopper")


def test_a_name_is_no_address_of_someone_else(make_member: Make[Member]) -> None:
    ada, other = make_member().user, make_member().user
    for name in (other.email, "Ada (ada@example.com)", "ada＠example.com"):
        with pytest.raises(Refused, match="cannot be an email address"):
            accounts.rename(ada, name)
    accounts.rename(ada, ada.email)


def test_every_way_to_a_name_checks_it(
    signed_in: Client, member: Member, make_member: Make[Member], make_team: Make[Team], team: Team
) -> None:
    accounts.rename(member.user, "Ada Lovelace")
    page = signed_in.post(reverse("account"), {"name": "Вaton"})
    assert page.status_code == 422 and "reserved" in page.text

    _, token = members.invite(team, "new@example.com", Member.Role.VIEWER, BATON)
    joining = Client()
    for name in ("Administrator", "Аda Lovelace", "Ada\u202e"):
        page = joining.post(f"/invitation/?token={token}", {"name": name, "password": "a long password"})
        assert page.status_code == 422, name
    assert not User.objects.filter(email="new@example.com").exists()

    elsewhere = make_member(of=make_team()).user
    accounts.rename(elsewhere, "Аda Lovelace")
    invitation, _ = members.invite(team, elsewhere.email, Member.Role.VIEWER, BATON)
    with pytest.raises(Refused, match="Change your name under Account"):
        members.accept(invitation, elsewhere)
    assert not Member.objects.filter(team=team, user=elsewhere).exists()

    with pytest.raises(CommandError, match="reserved"):
        call_command("create_administrator", "--email", "x@example.com", "--name", "Baton", "--no-input")
    with pytest.raises(CommandError, match="looks like Ada Lovelace"):
        call_command(
            *("create_administrator", "--email", "x@example.com", "--name", "Ada Love1ace"),
            *("--team", team.slug, "--no-input"),
        )


def test_operators_name_nobody_after_baton_in_the_admin(client: Client, member: Member) -> None:
    operator = User.objects.create_superuser("root@example.com", "a long password")
    sign_in(client, operator)
    address = reverse("admin:teams_user_change", args=[member.user.pk])
    fields = {"email": member.user.email, "first_name": "Вaton", "last_name": ""}
    assert "reserved" in client.post(address, fields, follow=True).text
    member.user.refresh_from_db()
    assert member.user.first_name == ""
    client.post(address, fields | {"first_name": "Ada"})
    member.user.refresh_from_db()
    assert member.user.first_name == "Ada"


def test_a_new_name_is_in_the_log_with_the_old_one(member: Member) -> None:
    accounts.rename(member.user, "Ada Lovelace")
    accounts.rename(member.user, "Ada King")
    lines = list(AuditEntry.objects.filter(act="person_changed").order_by("at").values_list("change", flat=True))
    assert lines == ["Name: – → Ada Lovelace", "Name: Ada Lovelace → Ada King"]


def test_an_old_name_stays_until_it_is_changed(member: Member) -> None:
    User.objects.filter(pk=member.user.pk).update(first_name="Baton")
    member.user.refresh_from_db()
    member.user.is_staff = True
    accounts.save_account(member.user, BATON)
    assert person_names.is_reserved(member.user.get_full_name())


@pytest.mark.parametrize("name", ["Billing ✉️", "علی\u200cرضا"])
def test_agents_keep_the_signs_that_their_names_need(make_agent, name: str) -> None:
    assert make_agent(name).name == name
    assert not unseen_in_name(name)


@pytest.mark.parametrize("sign", _SIGNS, ids=lambda sign: f"{ord(sign):04X}")
def test_agents_queues_and_keys_have_no_unseen_signs_in_their_names(make_agent, make_queue, sign: str) -> None:
    for make in (make_agent, make_queue):
        with pytest.raises(Refused):
            make(f"Bill{sign}ing")
