"""Writes notifications, marks them as read, and forgets them.

Cases that nobody owns or watches cost nothing: their row says so (`Case.is_watched`, kept by a trigger).
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.core.mail import mailers
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from cases.models import Case, CaseEvent, Kind, Notification, Watch
from data import rows
from data.ids import new_id
from data.texts.signs import shown
from data.texts.text import short, storable
from data.threads import BackgroundTask
from data.tidying import delete_old
from teams.access import live
from teams.audit.actors import Actor
from teams.models import Member, NotificationKind

# What those who own or watch a case are told of it. Who should answer an agent is told of its question; what people say
# to each other is told by `comments`, and to whom a case goes by `runs.notifications`.
NEWS = frozenset(
    {
        *(Kind.RECEIVED, Kind.REPLIED, Kind.UNDELIVERED, Kind.PARKED),
        *(Kind.COMPLETED, Kind.FAILED, Kind.REOPENED, Kind.OVERDUE),
    }
)
_TEXT = 200
_KEEP = timedelta(days=60)
# News that follow each other this closely become one email.
_GATHER_SECONDS = 60

_WRITE = """
    insert into cases_notification
      (id, team_id, member_id, kind, subject_id, case_id, agent_id, run_id, event, actor, text,
       count, is_shown, email_at)
    values {}
    on conflict (subject_id, member_id, kind) where read_at is null do update set
      count = cases_notification.count + 1, at = excluded.at, event = excluded.event, actor = excluded.actor,
      text = excluded.text, agent_id = excluded.agent_id, run_id = excluded.run_id, is_shown = excluded.is_shown,
      email_at = coalesce(cases_notification.email_at, excluded.email_at)
"""
_VALUES = "(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 1, %s, statement_timestamp() + %s)"


def notify(
    members: Iterable[Member],
    kind: NotificationKind,
    event: str,
    *,
    team_id: UUID,
    subject_id: UUID,
    case_id: UUID | None = None,
    agent_id: UUID | None = None,
    run_id: UUID | None = None,
    actor: str = "",
    text: str = "",
    emails: bool = True,
) -> None:
    """Tell these members, as each wants to be told. `emails`: not where another email tells of it already."""
    emails = emails and "default" in mailers
    # Members are written in one order, so that two writers for the same members cannot deadlock.
    wanted = [
        (member, kind in member.bell_kinds, emails and kind in member.email_kinds)
        for member in sorted(members, key=lambda member: member.pk)
        if kind in member.bell_kinds or (emails and kind in member.email_kinds)
    ]
    if not wanted:
        return
    about = [kind, subject_id, case_id, agent_id, run_id, event, actor[:100], storable(short(shown(text), _TEXT))]
    params = [
        value
        for member, is_shown, is_emailed in wanted
        for value in (
            *(new_id(), team_id, member.pk, *about, is_shown),
            timedelta(seconds=_GATHER_SECONDS) if is_emailed else None,
        )
    ]
    rows.write(_WRITE.format(", ".join([_VALUES] * len(wanted))), params)
    _announce(team_id, [member.pk for member, is_shown, _ in wanted if is_shown])


def _announce(team_id: UUID, member_ids: Iterable[int]) -> None:
    for member_id in member_ids:
        live.announce(team_id, "bell", str(member_id))


# --- Of a case -------------------------------------------------------------------------------


def followers(case: Case, but: Iterable[int | None] = ()) -> QuerySet[Member]:
    """Return the members who own or watch the case, without the users named by `but`."""
    watching = Watch.objects.filter(case=case.pk).values("user")
    owners = [user for user in (case.owner_id, case.owned_before) if user]
    members = Member.objects.filter(Q(user__in=watching) | Q(user__in=owners), team=case.team_id)
    return members.filter(user__is_active=True).exclude(user__in=[user for user in but if user])


def tell_followers(pairs: Iterable[tuple[Case, CaseEvent]]) -> None:
    """Tell those who own or watch the cases of these events, except the person who did it."""
    for case, row in pairs:
        if row.kind in NEWS and (case.is_watched or case.owner_id or case.owned_before):
            is_late = row.kind == Kind.OVERDUE
            notify(
                followers(case, [row.user_id]),
                NotificationKind.DUE if is_late else NotificationKind.FOLLOWED,
                row.data.get("goal", "untaken") if is_late else row.kind,
                team_id=case.team_id,
                subject_id=case.pk,
                case_id=case.pk,
                agent_id=row.agent_id,
                actor=row.actor,
                text=row.text,
            )


def of_comment(case: Case, kind: NotificationKind, members: Iterable[Member], by: Actor, text: str) -> None:
    notify(
        *(members, kind, Kind.COMMENTED),
        team_id=case.team_id,
        subject_id=case.pk,
        case_id=case.pk,
        actor=by.label,
        text=text,
    )


# --- Reading ---------------------------------------------------------------------------------


def of_member(member: Member) -> QuerySet[Notification]:
    """Return what the member can open, deleted cases left out."""
    rows = Notification.objects.shown().filter(team=member.team_id, member=member)
    return rows.exclude(case__deleted_at__isnull=False)


def mark_read(member: Member, ids: Sequence[UUID] | None = None, kind: str = "") -> tuple[int, datetime]:
    """Mark these as read, or all of a kind, or all. Return how many there were, and the moment that `unread` takes."""
    moment = timezone.now()
    mine = Notification.objects.unread().filter(member=member)
    mine = mine if ids is None else mine.filter(pk__in=ids)
    return _mark(member, mine.filter(kind=kind) if kind else mine, moment), moment


@transaction.atomic
def _mark(member: Member, mine: QuerySet[Notification], moment: datetime) -> int:
    # What is being added to just now is not read yet, and no one waits for another.
    found = list(mine.select_for_update(skip_locked=True, no_key=True).values_list("pk", flat=True))
    if found:
        Notification.objects.filter(pk__in=found).update(read_at=moment)
        _announce(member.team_id, [member.pk])
    return len(found)


def unread(member: Member, moment: datetime) -> int:
    """Undo what `mark_read` did at that moment, but for subjects of which there is newer news. Return how many."""
    newer = Notification.objects.filter(
        subject_id=OuterRef("subject_id"), member=OuterRef("member"), kind=OuterRef("kind"), read_at=None
    )
    mine = Notification.objects.shown().filter(~Exists(newer), member=member, read_at=moment)
    try:
        with transaction.atomic():
            changed = mine.update(read_at=None)
            _announce(member.team_id, [member.pk] if changed else [])
    except IntegrityError:  # newer news came in this moment
        return 0
    return changed


def seen(member: Member, case: Case) -> None:
    """Mark the notifications of a case as read when the member looks at it."""
    mine = Notification.objects.filter(member=member, case=case, read_at=None)
    if mine.exists():
        _mark(member, mine, timezone.now())


def settle(team_id: UUID, subject_ids: Iterable[UUID], kinds: Sequence[NotificationKind] = ()) -> None:
    """Mark as read for everyone what was told about these subjects, or only these kinds of it: it is done."""
    needless = Notification.objects.filter(subject_id__in=list(subject_ids), read_at=None)
    needless = needless.filter(kind__in=kinds) if kinds else needless
    ids = list(needless.select_for_update(no_key=True).order_by("pk").values_list("pk", "member_id"))
    if ids:
        Notification.objects.filter(pk__in=[pk for pk, _ in ids]).update(read_at=Now())
        _announce(team_id, {member for _, member in ids})


def forget_old() -> bool:
    return delete_old(Notification.objects.filter(at__lt=Now() - _KEEP))


def background_task() -> BackgroundTask:
    return BackgroundTask("notifications", tidy=forget_old)
