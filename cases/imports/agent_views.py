"""The import of agents from files and of the queues that they need, with a preview before anything is created."""

from datetime import timedelta
from functools import wraps
from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods

from builder.files import importing, plans
from builder.files.archives import TextFile
from builder.files.flaws import Flawed
from builder.files.markdown import AgentFile
from builder.files.planned import Item, Plan
from builder.files.test_files import TestsItem, files_of_tests, is_tests
from builder.gate.gate import RoutesHeld
from builder.gate.waiting import Import
from builder.history import revisions
from builder.procedures import lines, mentions
from builder.procedures.people import PeopleTarget, all_people, find_people
from builder.procedures.targets import OK, Target
from cases.models import AgentUpload
from cases.queues.queues import create_queue
from data.errors import Refused
from teams.access.permissions import BUILDER, TeamRequest, team_page
from teams.models import Team
from web.forms.refusals import show_refusal

from .agent_forms import BoundedUpload, ChoicesForm, UploadForm

_KEPT = timedelta(days=1)
_SHOWN_FLAWS = 50
# How many agents of each kind the preview shows in full.
_SHOWN = 50
# How many names the list beside a missing mention offers; others can be typed.
_OFFERED = 500


@csrf_protect
@require_http_methods(["GET", "POST"])
@team_page(post=BUILDER, get=BUILDER)
def _agents_import(request: TeamRequest) -> HttpResponseBase:
    sent = request.method == "POST"
    form = UploadForm(request.POST if sent else None, request.FILES if sent else None)
    if not sent:
        return render(request, "cases/agent_import.html", {"form": form})
    if cast(BoundedUpload, request.upload_handlers[0]).exceeded:
        form.add_error("uploads", "These files have more than 10 MB together. Please import them in parts.")
    elif form.is_valid():
        try:
            return redirect("agents_import_preview", _keep(request, form.read()).pk)
        except Flawed as flawed:
            return _flawed(request, form, flawed)
    return render(request, "cases/agent_import.html", {"form": form}, status=422)


@csrf_exempt  # the check reads what was sent, so `_agents_import` makes it, after the bounds are set
@wraps(_agents_import)
def agents_import(request: HttpRequest) -> HttpResponseBase:
    request.upload_handlers.insert(0, BoundedUpload(request))
    return _agents_import(cast(TeamRequest, request))


def _flawed(request: TeamRequest, form: UploadForm, flawed: Flawed) -> HttpResponse:
    more = len(flawed.flaws) - _SHOWN_FLAWS
    context = {"form": form, "flaws": flawed.flaws[:_SHOWN_FLAWS], "more_flaws": max(more, 0)}
    return render(request, "cases/agent_import.html", context, status=422)


def _keep(request: TeamRequest, texts: list[TextFile]) -> AgentUpload:
    AgentUpload.objects.filter(team=request.team, created_at__lt=timezone.now() - _KEPT).delete()
    files = [[text.name, text.text] for text in texts]
    return AgentUpload.objects.create(team=request.team, user=request.user, files=files)


@require_http_methods(["GET", "POST"])
@team_page(post=BUILDER, get=BUILDER)
def agents_import_preview(request: TeamRequest, id: UUID) -> HttpResponse:
    upload = get_object_or_404(AgentUpload, team=request.team, user=request.user, pk=id)
    try:
        texts = [TextFile(name, text) for name, text in upload.files]
        files, tests = importing.read_all(texts), [text for text in texts if is_tests(text)]
        plan = plans.plan(request.team, files)
        items = files_of_tests().plan(request.team, tests, plan)
        form = ChoicesForm(request.POST or None, plan=plan, queues=list(request.team.queues.live()))
        if form.is_valid() and (done := _apply(request, upload, form, files, tests)):
            if isinstance(done, HttpResponse):
                return done
            upload.delete()
            _tell(request, done, items)
            return redirect("agent", done.items[0].id) if len(done.items) == 1 else redirect("agents")
        return _preview(request, plans.plan(request.team, files) if form.is_bound else plan, form, items)
    except Flawed as flawed:
        return _flawed(request, UploadForm(), flawed)


def _apply(
    request: TeamRequest, upload: AgentUpload, form: ChoicesForm, files: list[AgentFile], tests: list[TextFile]
) -> Plan | HttpResponse | None:
    """Apply the import. Return None, with the reason among the form's errors, if it is refused; or where its check is
    shown, when routing tests hold it.
    """
    choices, seen = form.choices(), request.POST.get("seen", "")
    try:
        return importing.apply(
            request.team,
            files,
            choices,
            seen=seen,
            create_queue=made_queue,
            author=request.user,
            tests=tests,
        )
    except RoutesHeld as held:
        waiting = Import(upload.pk, seen, dict(choices.agents), dict(choices.queues), choices.ids)
        return redirect("check", held.start(request.actor, waiting))
    except Refused as refusal:
        show_refusal(form, refusal)
        return None


def made_queue(team: Team, name: str) -> UUID:
    return create_queue(team, name).pk


def _tell(request: TeamRequest, done: Plan, tests: list[TestsItem]) -> None:
    counts = [f"{len(items)} {word}" for word, items in (("new", done.new), ("changed", done.changed)) if items]
    written = sum(len(item.new) + len(item.changed) for item in tests)
    counts += [f"{written:,} routing test{'' if written == 1 else 's'}"] if written else []
    messages.success(request, f"Imported: {', '.join(counts) or 'nothing to change'}.")
    if done.paused:
        names = ", ".join(item.wanted.name for item in done.paused[:5])
        more = f" and {len(done.paused) - 5} more" if len(done.paused) > 5 else ""
        messages.warning(request, f"Paused, so that nothing runs yet: {names}{more}. Resume them when they may begin.")


def _preview(request: TeamRequest, plan: Plan, form: ChoicesForm, tests: list[TestsItem]) -> HttpResponse:
    here = list(request.team.agents.live().values_list("name", flat=True)[:_OFFERED])
    here += [one.name for one in all_people(request.team)] if plan.missing_agents else []
    context = {
        "plan": plan,
        "form": form,
        "tests": tests,
        "does_something": bool(plan.new or plan.changed or any(item.does_something for item in tests)),
        "new": _new(request.team, plan.new[:_SHOWN]),
        "changed": [_changed(item) for item in plan.changed[:_SHOWN]],
        "more": [item.wanted.name for item in plan.new[_SHOWN:] + plan.changed[_SHOWN:]],
        "names": sorted({*here, *(item.wanted.name for item in plan.items)}, key=str.lower),
    }
    return render(request, "cases/agent_import_preview.html", context, status=422 if form.errors else 200)


def _new(team: Team, items: list[Item]) -> list[dict[str, Any]]:
    ids = {id for item in items for id in mentions.target_ids(item.wanted.aop)}
    people = find_people(team, {id for item in items for id in mentions.people_ids(item.wanted.aop)})
    targets: list[Target | PeopleTarget] = [
        *(Target(agent, OK) for agent in team.agents.live().filter(pk__in=ids)),
        *people.values(),
    ]
    return [
        {
            "item": item,
            "facts": [(label, words) for label, words in plans.facts(item.wanted) if words and label != "Name"],
            "lines": lines.read(item.wanted.aop, targets),
        }
        for item in items
    ]


def _changed(item: Item) -> dict[str, Any]:
    if item.saved is None or not item.aop_changes:
        return {"item": item}
    found = revisions.difference(item.saved.agent, item.aop_before, item.wanted.aop)
    return {"item": item, "passages": found.passages}
