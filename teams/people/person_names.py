"""What a person may be called: a name that is read as it is written, and taken for nobody else's.

Whoever looks at the audit log, an approval or a comment goes by names. So nobody is called like Baton itself, like one
of its actors, or like a colleague, in whatever script and with whatever signs it is written.
"""

import re
import unicodedata
from collections.abc import Iterable

from django.db.models import Q

from data import rows
from data.errors import Refused
from data.texts import lookalikes
from data.texts.text import plain_name
from teams.models import Member, Team, User

LIMIT = 150
_LOCK = 0x4E_41_4D_45_53
# What pages and logs call those who act and are no persons, and what reads like an office of this installation. A name
# is refused when nothing but such words, numbers and words that go with them stand in it: Joe Root may be called so.
_RESERVED = """
    baton system administrator administrators admin admins sysadmin support supporter helpdesk operator operators root
    superuser moderator staff security official bot dispatcher agent agents api webhook person user member somebody
    someone anybody anyone nobody everybody everyone unknown anonymous deleted command program offline signed
"""
_BESIDE = """
    the a an of and for by no one your our my team service desk account key line queue schedule clock worker server in
    not stand help center centre office
"""


def lock() -> None:
    """Until the transaction ends nobody else's name is checked: of two people who take the same name at the same moment
    neither would see the other. Taken before any lock of a row.
    """
    rows.select("select pg_advisory_xact_lock(%s)", [_LOCK])


def check(name: str, user: User | None = None, team: Team | None = None, *, field: str = "name") -> str:
    """`name` as it is kept. `user`: whose it becomes, if there is one yet; `team`: which they are about to join."""
    name = plain_name(unicodedata.normalize("NFKC", name), field, LIMIT)
    if is_reserved(name):
        raise _refused(field, f"“{name}” is reserved, because it reads like Baton itself. Enter the name of a person.")
    if "@" in name and name.lower() != (user.email if user else ""):
        raise _refused(field, "A name cannot be an email address. Enter a name without @.")
    lock()
    if other := _double(name, _colleagues(user, team)):
        message = f"“{name}” looks like {other.get_full_name()} ({other.email}), who is in the same team."
        raise _refused(field, f"{message} Add a middle name or an initial.")
    return name


def check_joining(user: User, team: Team) -> None:
    """Check the name of someone with an account before they join: it must differ from others in that team."""
    lock()
    name = user.get_full_name()
    if name and (other := _double(name, _colleagues(user, team))):
        message = f"Your name looks like {other.get_full_name()} ({other.email}), who is in {team}."
        raise Refused(f"{message} Change your name under Account, then accept the invitation.", "name_taken")


def is_reserved(name: str) -> bool:
    readings = (words for read in (name, re.sub(r"\d+", " ", name)) for words in lookalikes.readings(read))
    return any(_reads_reserved(words) for words in readings)


def _reads_reserved(words: list[str]) -> bool:
    if "".join(words) in _TOGETHER or words[:2] == ["api", "key"]:
        return True
    return bool(_ALONE & set(words)) and set(words) <= _ALONE | _FILLING


def _spelled(words: str) -> frozenset[str]:
    """As `lookalikes` reads them."""
    return frozenset(word for reading in lookalikes.readings(words) for word in reading)


_ALONE, _FILLING = _spelled(_RESERVED), _spelled(_BESIDE)
_TOGETHER = _ALONE | {f"{one}{other}" for one in _ALONE for other in _ALONE | _FILLING}


def _double(name: str, others: Iterable[User]) -> User | None:
    keys = lookalikes.keys(name)
    return next((other for other in others if keys & lookalikes.keys(other.get_full_name())), None)


def _colleagues(user: User | None, team: Team | None) -> Iterable[User]:
    """Of all teams that they are in or join, and the operators, who act in every team."""
    teams = set(Member.objects.filter(user=user).values_list("team", flat=True)) if user and user.pk else set()
    teams |= {team.pk} if team else set()
    others = User.objects.filter(Q(member__team__in=teams) | Q(is_superuser=True)).exclude(first_name="", last_name="")
    return others.exclude(pk=user.pk).distinct() if user and user.pk else others.distinct()


def _refused(field: str, message: str) -> Refused:
    return Refused(message, "invalid", {field: message})
