"""The health page of the operators' admin, and the button that pauses everything."""

import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import django_rq
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.db.models import Count, Min
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from cases.models import Case
from ops.doctor import invariants
from ops.doctor.checkup import look_at_all
from runs.models import Run, Status
from teams.access.operators import may_operate, operator_of
from teams.audit import audit
from teams.models import Installation
from teams.settings import pausing

from .workers import without_redis, worker_states

_QUESTIONS = {
    "pause": "Shall all work of all teams stand still? Nothing starts, and running agents stop before their next step.",
    "resume": "Shall work go on, but for teams that are paused by themselves?",
}


@require_http_methods(["GET", "POST"])
def health(request: HttpRequest) -> HttpResponse:
    if not may_operate(request, Run):
        raise PermissionDenied
    if act := request.POST.get("action"):
        return _switch(request, act)
    context = {
        **admin.site.each_context(request),
        "title": "Health",
        "findings": [finding for finding in look_at_all() if finding.name != "Invariants"],
        "invariants": _counts(),
        "workers": worker_states(),
        "figures": _figures(),
        "paused_at": Installation.objects.values_list("paused_at", flat=True).first(),
    }
    return render(request, "admin/health.html", context)


def _switch(request: HttpRequest, act: str) -> HttpResponse:
    if act not in _QUESTIONS or not may_operate(request, Installation):
        raise PermissionDenied
    if "confirmed" not in request.POST:
        title = f"{act.title()} everything"
        context = {**admin.site.each_context(request), "title": title, "question": _QUESTIONS[act], "action": act}
        return render(request, "admin/confirm_verb.html", context)
    with audit.acting(operator_of(request)):
        pausing.pause_everything() if act == "pause" else pausing.resume_everything()
    messages.success(request, "Everything is paused." if act == "pause" else "Work goes on.")
    return redirect("admin:health")


def _counts() -> list[tuple[invariants.Broken, str]]:
    """Return each invariant with a link to the list of the rows that break it."""
    broken: list[invariants.Broken] = []
    return [(found, _rows_of(found)) for found in without_redis(invariants.check, broken)]


def _rows_of(found: invariants.Broken) -> str:
    if not found.count:
        return ""
    model = found.invariant.model._meta
    wanted = ",".join(str(id) for id in found.ids)
    return f"{reverse(f'admin:{model.app_label}_{model.model_name}_changelist')}?id__in={wanted}"


def _figures() -> list[tuple[str, Any]]:
    waiting = Case.objects.present().pending().aggregate(number=Count("pk"), since=Min("moved_at"))
    due = Run.objects.due().aggregate(number=Count("pk"), since=Min("available_at"))
    live = dict(Run.objects.live().values_list("status").annotate(Count("pk")).order_by())
    return [
        ("Cases that wait in queues", waiting["number"]),
        ("The longest since", waiting["since"]),
        ("Runs that wait for a worker", due["number"]),
        ("The longest due since", due["since"]),
        ("Runs at work", live.get(Status.RUNNING, 0)),
        ("Runs that wait for people", live.get(Status.WAITING, 0)),
        ("The database answers in", _timed(_ask_database)),
        ("Redis answers in", without_redis(lambda: _timed(django_rq.get_connection("default").ping), "not at all")),
        ("Python, Django, RQ", f"{sys.version.split()[0]}, {version('django')}, {version('rq')}"),
    ]


def _ask_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("select 1")


def _timed(ask: Callable[[], object]) -> str:
    began = time.perf_counter()
    ask()
    return f"{(time.perf_counter() - began) * 1000:.1f} ms"
