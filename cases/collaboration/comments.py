"""Comments of people on a case, with @-mentions of members. They are for people only: no agent is told of them.

A member who comments or is mentioned watches the case from then on.
"""

import re
from collections.abc import Collection, Iterable

from django.db import transaction
from django.utils import timezone

from cases.models import Case, Comment, Kind, Watch
from cases.notifications import notifications
from cases.timeline import timeline
from cases.work import lifecycle
from data.errors import Refused
from data.texts.text import prose
from teams.audit import audit
from teams.audit.actors import person
from teams.models import Member, NotificationKind, Team, User

TEXT_LIMIT = 10_000


@transaction.atomic
def comment(case: Case, text: str, by: User) -> Comment:
    row = lifecycle.lock(case.pk)
    members = members_of(row.team)
    text = _checked(text)
    said = Comment.objects.create(
        team_id=row.team_id, case=row, user=by, text=text, mentions=sorted(mentioned(text, members))
    )
    timeline.record(row, Kind.COMMENTED, by=person(by), data={"comment_id": str(said.pk)})
    told = [by.pk, *_tell(said, set())]
    followers = notifications.followers(row, told)
    notifications.of_comment(row, NotificationKind.FOLLOWED, followers, person(by), text)
    watch(row, by)
    return said


@transaction.atomic
def change(said: Comment, text: str, by: User) -> None:
    """Change a comment of one's own. Members who are mentioned for the first time are told."""
    row = _own(said, by)
    before = set(row.mentions)
    row.text = _checked(text)
    row.mentions = sorted(mentioned(row.text, members_of(row.team)))
    row.edited_at = timezone.now()
    row.save(update_fields=["text", "mentions", "edited_at"])
    _tell(row, before)
    timeline.announce(row.case)


@transaction.atomic
def delete(said: Comment, by: User) -> None:
    """Delete a comment of one's own. The timeline keeps its event."""
    row = _own(said, by)
    row.text, row.mentions, row.deleted_at = "", [], timezone.now()
    row.save(update_fields=["text", "mentions", "deleted_at"])
    audit.record(row.team_id, "comment_deleted", row.case, by=person(by))
    timeline.announce(row.case)


def _own(said: Comment, by: User) -> Comment:
    row = Comment.objects.select_for_update(no_key=True, of=["self"]).select_related("team", "case").get(pk=said.pk)
    if row.user_id != by.pk:
        raise Refused("Only who wrote a comment can change it.", "forbidden")
    if row.deleted_at:
        raise Refused("This comment was deleted.", "gone")
    return row


def _checked(text: str) -> str:
    text = prose(text, "text", TEXT_LIMIT).strip()
    if not text:
        raise Refused("Enter a text.", "invalid", {"text": "Enter a text."})
    return text


# --- Mentions --------------------------------------------------------------------------------


def members_of(team: Team) -> list[User]:
    return [member.user for member in Member.objects.filter(team=team).select_related("user").order_by("user__email")]


def mentioned(text: str, members: Iterable[User]) -> dict[str, User]:
    """Return the mentioned members by their mentions: @ and a full name, an email address, or its local part."""
    known = _names(members)
    if not known:
        return {}
    words = "|".join(re.escape(name) for name in sorted(known, key=len, reverse=True))
    found = re.finditer(rf"(?<![\w@])@({words})(?![\w@]|\.\w)", text, re.IGNORECASE)
    return {match[0]: known[match[1].lower()] for match in found}


def _names(members: Iterable[User]) -> dict[str, User]:
    """Return the names that mean exactly one member, in lower case."""
    found: dict[str, User] = {}
    unclear = set()
    for user in members:
        for name in {str(user), user.email, user.email.partition("@")[0]}:
            key = name.lower()
            if found.setdefault(key, user) != user:
                unclear.add(key)
    return {name: user for name, user in found.items() if name not in unclear}


def _tell(said: Comment, before: Collection[str]) -> list[int]:
    """Tell the members whom a comment mentions now and did not mention before. Return the ids of their users."""
    people = mentioned(said.text, members_of(said.team))
    known = {user.pk for words, user in people.items() if words in before} | {said.user_id}
    told = {user.pk: user for user in people.values() if user.pk not in known}
    for user in told.values():
        row, _ = Watch.objects.get_or_create(case=said.case, user=user, defaults={"team_id": said.team_id})
        Watch.objects.filter(pk=row.pk).update(mentioned_at=timezone.now())
    if told and said.user:
        members = Member.objects.filter(team=said.team_id, user__in=told, user__is_active=True)
        notifications.of_comment(said.case, NotificationKind.MENTIONED, members, person(said.user), said.text)
    return list(told)


# --- Watching --------------------------------------------------------------------------------


def watch(case: Case, user: User) -> None:
    """Watch a case from now on: earlier events count as seen."""
    defaults = {"team_id": case.team_id, "seen_seq": case.last_seq}
    Watch.objects.get_or_create(case=case, user=user, defaults=defaults)


def unwatch(case: Case, user: User) -> None:
    Watch.objects.filter(case=case, user=user).delete()


def mark_seen(row: Watch, seq: int) -> None:
    """Record that the watcher has seen all events up to `seq`."""
    if row.seen_seq < seq or row.mentioned_at:
        Watch.objects.filter(pk=row.pk, seen_seq__lte=seq).update(seen_seq=seq, mentioned_at=None)
