"""What webhooks are told. A message is written in the transaction of what it tells, and sent by `webhook_delivery`.

So nothing is told that did not happen, and nothing that happened is left out. Teams without webhooks cost one look
each second in each process: for that long a process remembers that nobody listens.
"""

import json
import time
from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from teams.models import Delivery, Webhook

from . import chat

# Every event there is, with what it tells people.
EVENTS = {
    "case.created": "A case came into a queue.",
    "case.completed": "A case was completed.",
    "case.failed": "A case was closed as failed.",
    "case.needs_input": "A case waits for a person.",
    "case.declined": "An agent declined a case that was handed to it.",
    "case.postponed": "A case was put off.",
    "case.reassigned": "An open case was given to another agent, or to any of its queue.",
    "case.reopened": "A closed case was opened again.",
    "case.taken_over": "A person took a case over.",
    "case.assigned": "A case was assigned to a member or a group.",
    "case.overdue": "A case missed a goal of its queue, or nobody of its group took it in time.",
    "case.handed_back": "A case that a person had taken over went back to its queue.",
    "case.deleted": "A case was deleted.",
    "handover.applied": "An agent handed its work over.",
    "check.passed": "No routing test holds back a change.",
    "check.failed": "Routing tests hold back a change.",
    "run.completed": "A run ended with an outcome.",
    "run.failed": "A run could not go on.",
    "human_request.opened": "An agent asks a person.",
    "human_request.answered": "A person answered.",
    "human_request.closed": "A request needs no answer any more.",
}
PING = "ping"

type Data = dict[str, Any]

_REMEMBER_SECONDS = 1.0
_silent: dict[UUID, float] = {}


def add_message(team_id: UUID, event: str, data: Callable[[], Data]) -> None:
    """Inside the transaction of what happened. `data` is called only if the team has a webhook for the event."""
    tell_all(team_id, [(event, data)])


def tell_all(team_id: UUID, news: Iterable[tuple[str, Callable[[], Data]]]) -> None:
    news = list(news)
    if not news or _silent.get(team_id, 0) > time.monotonic():
        return
    webhooks = list(Webhook.objects.present().filter(team_id=team_id).only("id", "team_id", "events", "format"))
    if not webhooks:
        if len(_silent) > 10_000:
            _silent.clear()
        _silent[team_id] = time.monotonic() + _REMEMBER_SECONDS
        return
    wanted = {event for webhook in webhooks for event in webhook.events}
    rows: list[Delivery] = []
    for event, data in news:
        if event in wanted:
            said = data()
            rows += [message(webhook, event, said) for webhook in webhooks if event in webhook.events]
    Delivery.objects.bulk_create(rows)


def body_of(event: str, data: Data) -> str:
    """`{"type", "timestamp", "data"}`, as the bytes that are signed and sent."""
    said = {"type": event, "timestamp": timezone.now().isoformat(), "data": data}
    return json.dumps(said, ensure_ascii=False, separators=(",", ":"), default=str)


def message(webhook: Webhook, event: str, data: Data) -> Delivery:
    body = chat.body_of(event, data) if webhook.is_chat else body_of(event, data)
    return Delivery(team_id=webhook.team_id, webhook=webhook, event=event, body=body)


def link(name: str, id: UUID) -> str:
    """The page called `name` of a thing, as people reach it."""
    return settings.BATON_URL + reverse(name, args=[id])


def someone_listens(team_id: UUID) -> None:
    """A new webhook: this process hears of it at once, the others within a second."""
    transaction.on_commit(lambda: _silent.pop(team_id, None))
    _silent.pop(team_id, None)
