"""The verbs of members: roles, leaving, invitations. A team always has an administrator."""

import hashlib
import secrets
from datetime import timedelta

from allauth.account.models import EmailAddress
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from data.errors import Refused
from teams.access import live, two_step
from teams.audit import audit
from teams.audit.actors import Actor, person
from teams.models import Invitation, Member, Team, User

from . import accounts, person_names

INVITATION_DAYS = 7
_ADMINISTRATOR = Member.Role.ADMINISTRATOR


@transaction.atomic
def change_role(member: Member, role: str, by: Actor) -> None:
    if role not in Member.Role.values:
        raise Refused("There is no such role.", "invalid", {"role": "There is no such role."})
    row = _locked(member)
    before = row.get_role_display()
    if role == row.role:
        return
    row.role = role
    row.save(update_fields=["role"])
    live.end_streams(row.user_id)
    _keep_an_administrator(row.team)
    audit.record(row.team_id, "member_role", row.user, audit.changes([("Role", before, row.get_role_display())]), by=by)


@transaction.atomic
def remove(member: Member, by: Actor) -> None:
    """What they did stays, under their name."""
    row = _locked(member)
    left = by.user == row.user
    row.delete()
    live.end_streams(row.user_id)
    _keep_an_administrator(row.team)
    audit.record(row.team_id, "member_left" if left else "member_removed", row.user, by=by)


def _locked(member: Member) -> Member:
    """Under the lock of its team, so that two administrators cannot demote each other at once."""
    Team.objects.select_for_update(no_key=True).get(pk=member.team_id)
    row = Member.objects.select_related("team", "user").filter(pk=member.pk).first()
    if row is None:
        raise Refused("This person is no longer in the team.", "gone")
    return row


def _keep_an_administrator(team: Team) -> None:
    if not Member.objects.filter(team=team, role=_ADMINISTRATOR, user__is_active=True).exists():
        raise Refused(f"{team} needs an administrator. Make someone else one first.", "last_administrator")


@transaction.atomic
def deactivate(user: User, by: Actor) -> None:
    """They can sign in no more, and are signed out. Reversed by `reactivate`."""
    teams = _lock_teams_of(user)
    administered = set(Member.objects.filter(user=user, role=_ADMINISTRATOR).values_list("team", flat=True))
    with accounts.keeping_an_operator():
        user.is_active = False
        user.save(update_fields=["is_active"])
    for team in teams:
        if team.pk in administered:
            _keep_an_administrator(team)
    audit.record_of_person(user, "person_deactivated", by=by)
    accounts.end_sessions(user)


@transaction.atomic
def reactivate(user: User, by: Actor) -> None:
    user.is_active = True
    user.save(update_fields=["is_active"])
    audit.record_of_person(user, "person_reactivated", by=by)


def _lock_teams_of(user: User) -> list[Team]:
    """In one order, as two operators might do the same at once."""
    ids = Member.objects.filter(user=user).values("team")
    return list(Team.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk"))


@transaction.atomic
def require_two_step(team: Team, wanted: bool, by: User) -> None:
    """Of the team's administrators. The one who asks for it goes first, or they would lock themselves out."""
    row = Team.objects.select_for_update(no_key=True).get(pk=team.pk)
    if wanted and not row.require_two_step and not two_step.is_on(by):
        raise _wrong("require_two_step", "Set up your own two-step sign-in first, in your account.")
    team.require_two_step = wanted
    Team.objects.filter(pk=team.pk).update(require_two_step=wanted)
    if wanted:
        for member in Member.objects.filter(two_step.IS_MISSING, team=team, role=_ADMINISTRATOR):
            live.end_streams(member.user_id)
    if change := audit.changes([("Two-step sign-in of administrators", row.require_two_step, wanted)]):
        audit.record(team.pk, "settings_changed", "General", change)


# --- Invitations -----------------------------------------------------------------------------


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


@transaction.atomic
def invite(team: Team, email: str, role: str, by: Actor) -> tuple[Invitation, str]:
    """The invitation and the token of its link, which cannot be read again. Takes the place of one before."""
    email = accounts.clean_email(email)
    if role not in Member.Role.values:
        raise _wrong("role", "There is no such role.")
    if Member.objects.filter(team=team, user__email=email).exists():
        raise _wrong("email", "They are in this team already.")
    # Only its digest is kept: who reads the database cannot accept an invitation.
    token = secrets.token_urlsafe(32)
    fields = {
        "role": role,
        "digest": _digest(token),
        "invited_by": by.user,
        "expires_at": timezone.now() + timedelta(days=INVITATION_DAYS),
    }
    invitation, _ = Invitation.objects.update_or_create(team=team, email=email, defaults=fields)
    audit.record(team.pk, "invited", invitation, audit.facts(Role=invitation.get_role_display()), by=by)
    return invitation, token


@transaction.atomic
def withdraw(invitation: Invitation, by: Actor) -> None:
    audit.record(invitation.team_id, "invitation_withdrawn", invitation, by=by)
    invitation.delete()


def mailed_mark(token: str) -> str:
    """Part of the emailed link and not of the one that is shown, so anyone who has it can read that mailbox."""
    return salted_hmac("teams.people.members.mailed", token, algorithm="sha256").hexdigest()


def was_mailed(token: str, mark: str) -> bool:
    return constant_time_compare(mailed_mark(token), mark)


def find_invitation(token: str) -> Invitation | None:
    """Of its link, unless its time is over."""
    found = Invitation.objects.filter(digest=_digest(token), expires_at__gt=timezone.now())
    return found.select_related("team", "invited_by").first()


@transaction.atomic
def accept(invitation: Invitation, user: User) -> Team:
    """Once. Who is in the team already keeps the role they have."""
    person_names.lock()
    row = Invitation.objects.select_for_update().select_related("team").filter(pk=invitation.pk).first()
    # The link of an invitation that was sent again ends with the new one.
    if row is None or row.digest != invitation.digest:
        raise Refused("This invitation was used or withdrawn.", "gone")
    person_names.check_joining(user, row.team)
    _, is_new = Member.objects.get_or_create(team=row.team, user=user, defaults={"role": row.role})
    row.delete()
    if is_new:
        audit.record(row.team_id, "member_joined", user, audit.facts(Role=row.get_role_display()), by=person(user))
    return row.team


@transaction.atomic
def accept_as_new(invitation: Invitation, name: str, password: str, *, was_mailed: bool) -> User:
    """Create an account for the address that was invited. `was_mailed`: the link came from their mailbox."""
    user = User(email=invitation.email, first_name=person_names.check(name, team=invitation.team))
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise _wrong("password", " ".join(error.messages)) from error
    user.set_password(password)
    try:
        # A savepoint, so that the transaction can go on after an address that is taken.
        with transaction.atomic():
            user.save()
    except IntegrityError as error:
        raise Refused("There is an account with this address. Please sign in with it.", "exists") from error
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=was_mailed)
    accept(invitation, user)
    return user


def _wrong(field: str, message: str) -> Refused:
    return Refused(message, "invalid", {field: message})
