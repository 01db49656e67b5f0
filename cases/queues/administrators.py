"""Creates the accounts of operators who administer a team, above all the first one."""

import os
from dataclasses import dataclass

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils.text import slugify

from data.errors import Refused
from data.texts.text import one_line
from teams.audit import audit
from teams.audit.actors import BATON
from teams.models import Member, Team, User
from teams.people import accounts, person_names

from .queues import create_team

FIRST_TEAM = "My team"
_LOCK = 0x41_44_4D_49_4E


@dataclass(frozen=True)
class Administrator:
    user: User
    team: Team
    is_new: bool
    """False: there was an account, whose name and password stay."""


def refuse_a_poor_password(password: str, email: str = "", name: str = "") -> None:
    try:
        validate_password(password, User(email=email, first_name=name))
    except ValidationError as error:
        message = " ".join(error.messages)
        raise Refused(message, "invalid", {"password": message}) from error


@transaction.atomic
def make_administrator(email: str, name: str = "", password: str = "", team: str = "") -> Administrator:
    """Sees to it that they have an account, open /admin/, and administer the team, which is made if there is none
    of that name. Once or many times. Without a password they get in by `people.password_link`.
    """
    email = accounts.clean_email(email)
    with connection.cursor() as cursor:
        cursor.execute(
            "select pg_advisory_xact_lock(%s)", [_LOCK]
        )  # so that two first starts at once create one account
    user, of = User.objects.filter(email=email).first(), _team(team)
    is_new = user is None
    if user is None:
        if password:
            refuse_a_poor_password(password, email, name)
        user = User.objects.create_user(
            email, password or None, first_name=person_names.check(name, team=of) if name else ""
        )
        accounts.change_email(user, email, verified=True)
    if not user.is_active:
        raise Refused(f"{email} is deactivated. Reactivate the account on its page in /admin/.", "deactivated")
    user.is_staff = user.is_superuser = True
    user.save(update_fields=["is_staff", "is_superuser"])
    person_names.check_joining(user, of)
    _, joined = Member.objects.update_or_create(team=of, user=user, defaults={"role": Member.Role.ADMINISTRATOR})
    if joined:
        audit.record(of.pk, "member_joined", user, audit.facts(Role=Member.Role.ADMINISTRATOR.label))
    audit.record_of_person(user, "person_made" if is_new else "person_changed", "May do everything in the admin")
    return Administrator(user, of, is_new)


def _team(name: str) -> Team:
    """Return the team of that name or slug; without one the only team there is."""
    name = one_line(name, "team", 80) if name else ""
    if not name and (only := list(Team.objects.all()[:2])) and len(only) == 1:
        return only[0]
    name = name or FIRST_TEAM
    found = Team.objects.filter(slug=name).first() or Team.objects.filter(name__iexact=name).order_by("pk").first()
    if found:
        return found
    slug = slugify(name)[:40] or "team"
    taken = set(Team.objects.filter(slug__startswith=slug).values_list("slug", flat=True))
    free = next(one for one in (slug, *(f"{slug}-{number}" for number in range(2, len(taken) + 3))) if one not in taken)
    return create_team(name, free)


# --- By the environment ----------------------------------------------------------------------


def first_administrator() -> str:
    """Create the administrator that BATON_ADMIN_EMAIL names if there is no account yet, and return what to print.
    Until they have set a password, each start gives another link to do so.
    """
    email = os.environ.get("BATON_ADMIN_EMAIL", "").strip().lower()
    if not email:
        return ""
    waiting = User.objects.filter(email=email, is_active=True, last_login=None).first()
    if waiting is None and User.objects.exists():
        return ""
    if waiting is None:
        password, team = os.environ.get("BATON_ADMIN_PASSWORD", ""), os.environ.get("BATON_ADMIN_TEAM", "")
        waiting = make_administrator(email, password=password, team=team).user
    if waiting.has_usable_password():
        return f"{email} is the first administrator, with the password of BATON_ADMIN_PASSWORD."
    link = accounts.password_link(waiting, BATON)
    return f"{email} is the first administrator, and sets a password here, within a day:\n{link}"
