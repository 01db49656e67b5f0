"""The first page of the operators' admin: what needs an operator now, and where to act on it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Min, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from cases.models import Case
from cases.models import Status as CaseStatus
from data.ids import first_id_at
from ops.doctor.checkup import look_at_all
from ops.doctor.findings import Finding, State
from ops.health.workers import WorkerState, worker_states
from runs.models import RequestEmail, Run, Status
from teams.access.operators import may_operate
from teams.models import Delivery, Installation
from web.format.times import ago

_SHOWN = 6
_DAY = timedelta(days=1)
# What is due is overdue only when the processes that should have taken it have had time to.
_PATIENCE = timedelta(minutes=5)


@dataclass(frozen=True)
class Tile:
    """A figure, what it means, and the page to act on. `tone`: good, warning or bad."""

    title: str
    value: str
    words: str
    address: str
    tone: str = "good"


@dataclass(frozen=True)
class Failure:
    """How many runs failed with the same code in the last 24 hours, and the latest of them."""

    code: str
    count: int
    latest: Run


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add to the first page of the admin what an operator may see. Called by unfold."""
    if not may_operate(request, Run):
        return context
    findings, workers = [finding for finding in look_at_all() if finding.state != State.OK], worker_states()
    failures = _failures()
    return context | {
        "title": "Dashboard",
        "tiles": [
            _health(findings),
            _workers(workers),
            _waiting_cases(),
            _due_runs(),
            _people(),
            _failed_runs(failures),
            *_outboxes(),
        ],
        "findings": findings,
        "workers": workers,
        "oldest": list(_pending().select_related("team", "queue", "assignee").order_by("moved_at")[:_SHOWN]),
        "failures": failures[:_SHOWN],
        "paused_at": Installation.objects.values_list("paused_at", flat=True).first(),
        "can_see_dashboard": True,
    }


# --- The tiles -------------------------------------------------------------------------------


def _health(findings: list[Finding]) -> Tile:
    address = reverse("admin:health")
    broken = sum(finding.state == State.BROKEN for finding in findings)
    if not findings:
        return Tile("Health", "OK", "Every check passed", address)
    words = f"{broken} broken, {len(findings) - broken} to look at" if broken else "To look at"
    return Tile("Health", f"{len(findings)}", words, address, "bad" if broken else "warning")


def _workers(workers: list[WorkerState]) -> Tile:
    address = reverse("admin:django_rq_dashboard_changelist")
    registered = [worker for worker in workers if worker.state != "not registered"]
    places, load = sum(worker.places for worker in registered), sum(worker.load for worker in registered)
    if not registered:
        return Tile("Workers", "0", "Nothing can run. Start one: manage.py rqworker", address, "bad")
    return Tile("Workers", f"{len(registered)}", f"{load:,} of {places:,} places in use", address)


def _waiting_cases() -> Tile:
    found = _pending().aggregate(number=Count("pk"), since=Min("moved_at"))
    return _age_tile("Cases in queues", found["number"], found["since"], _list("cases_case", status="pending"))


def _due_runs() -> Tile:
    found = Run.objects.due().aggregate(number=Count("pk"), since=Min("available_at"))
    return _age_tile("Runs to start", found["number"], found["since"], _list("runs_run", status="queued"))


def _people() -> Tile:
    parked = Case.objects.present().filter(status=CaseStatus.NEEDS_INPUT)
    return Tile(
        "With people", f"{parked.count():,}", "Cases that need input", _list("cases_case", status="needs_input")
    )


def _failed_runs(failures: list[Failure]) -> Tile:
    number = sum(failure.count for failure in failures)
    address = _list("runs_run", status="failed")
    return Tile("Failed runs", f"{number:,}", "Of those created in 24 hours", address, "warning" if number else "good")


def _outboxes() -> list[Tile]:
    return [
        _outbox("Webhook messages", "teams_delivery", Delivery.objects.all()),
        _outbox("Email", "runs_requestemail", RequestEmail.objects.all()),
    ]


def _outbox(title: str, model: str, rows: QuerySet[Any]) -> Tile:
    """Return how much waits to be sent. What failed for good in the last 24 hours comes first."""
    failed = rows.filter(status="failed", pk__gte=first_id_at(timezone.now() - _DAY)).count()
    if failed:
        return Tile(title, f"{failed:,}", "Not delivered in 24 hours", _list(model, status="failed"), "bad")
    waiting = rows.filter(status="waiting").aggregate(number=Count("pk"), since=Min("next_at"))
    return _age_tile(title, waiting["number"], waiting["since"], _list(model, status="waiting"))


def _age_tile(title: str, number: int, since: datetime | None, address: str) -> Tile:
    """Return a tile about things that wait to be taken up, which are late after five minutes."""
    if not number or since is None:
        return Tile(title, "0", "Nothing waits", address)
    now = timezone.now()
    is_late = now - since > _PATIENCE
    return Tile(title, f"{number:,}", f"The oldest since {ago(since, now)}", address, "warning" if is_late else "good")


def _list(model: str, **wanted: str) -> str:
    lookups = {f"{name}__exact": value for name, value in wanted.items()}
    return f"{reverse(f'admin:{model}_changelist')}?{urlencode(lookups)}"


# --- What is behind them ---------------------------------------------------------------------


def _pending() -> QuerySet[Case]:
    return Case.objects.present().pending()


def _failures() -> list[Failure]:
    """Return the failures of the runs created in the last 24 hours by their code, the most frequent first."""
    failed = Run.objects.filter(status=Status.FAILED, pk__gte=first_id_at(timezone.now() - _DAY)).order_by()
    counted = list(failed.values_list("error_code").annotate(Count("pk")))
    latest: dict[str, Run] = {}
    for run in failed.order_by("error_code", "-pk").distinct("error_code").select_related("team", "agent"):
        latest[run.error_code] = run
    found = [Failure(code, number, latest[code]) for code, number in counted if code in latest]
    return sorted(found, key=lambda failure: -failure.count)
