"""The pages of routing tests: the list of an agent's, and the forms that make and change them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from builder.agents.access import agent_or_404
from builder.agents.page_head import head_of
from builder.models import Agent
from cases.models import Case
from data.errors import Refused
from routes.checks import candidates, costs, queries
from routes.checks.costs import Estimate
from routes.checks.questions import Asker
from routes.models import CheckResult, RoutingTest
from runs.models import Run
from runs.opening import samples
from runs.providers.providers import OFFLINE
from runs.results.access import run_or_404
from teams.access.permissions import BUILDER, TeamRequest, team_page
from web.http.paging import Page, page
from web.http.partials import render_page

from . import decisions, personal, routing_tests
from .forms import CaseTestForm, ExpectationForm, StandaloneTestForm, key_of

_TONES = {"passing": "success", "fixed": "success", "broken": "error", "failing": "warning", "untested": "warning"}


@dataclass(frozen=True)
class Dot:
    """One result of a test, in its row."""

    tone: str
    result: CheckResult


@dataclass(frozen=True)
class Row:
    """A test in words, with its latest results, the oldest first. `unsaved`: the last is of a change not live."""

    test: RoutingTest
    expected: str
    is_void: bool
    dots: list[Dot]
    unsaved: bool

    @property
    def last(self) -> CheckResult | None:
        return self.dots[-1].result if self.dots else None


@require_GET
@team_page
def agent_tests(request: TeamRequest, id: UUID) -> HttpResponse:
    agent = agent_or_404(request.team, id)
    words, source = request.GET.get("q", ""), request.GET.get("source", "")
    found = routing_tests.of_agent(agent, words)
    if source in RoutingTest.Source.values:
        found = found.filter(source=source)
    tests: Page[RoutingTest] = page(found, ["-created_at", "id"], request.GET.get("cursor", ""))
    all_tests = routing_tests.of_agent(agent)
    context = {
        **head_of(request, agent),
        "page": tests,
        "check": queries.latest_news(agent),
        "cost": _cost(agent, all_tests),
        "rows": rows_of(tests.rows),
        "sources": RoutingTest.Source.choices,
        "is_filtered": bool(words.strip() or source),
        "count": all_tests.count(),
        "live_on": f"agent:{agent.pk} check:*",
    }
    return render_page(request, "routes/tests.html", context, parts=["tab", "results", "tests-summary", "save-cost"])


def _cost(agent: Agent, tests: QuerySet[RoutingTest]) -> Estimate | None:
    """What a change of the agent costs to check. None where its model costs nothing."""
    if agent.live_revision.model == OFFLINE:
        return None
    asked = Asker().questions(tests).values()
    return costs.estimate((question.told, question.sample, question.times) for question in asked)


def rows_of(tests: Sequence[RoutingTest]) -> list[Row]:
    histories, void, names = queries.histories(tests), queries.void(tests), queries.names(tests)
    unsaved = queries.unsaved(rows[-1] for rows in histories.values() if rows)
    return [
        Row(
            test,
            " or ".join(decisions.in_words(one, names) for one in test.expected),
            test.pk in void,
            [Dot(_TONES.get(result.verdict, "neutral"), result) for result in histories[test.pk]],
            any(result.pk in unsaved for result in histories[test.pk][-1:]),
        )
        for test in tests
    ]


@require_GET
@team_page
def tests_void(request: TeamRequest, id: UUID) -> HttpResponse:
    """A part of the dialogs that remove a member or delete a group: the tests that would expect nobody any more."""
    group = request.team.groups.live().filter(pk=id).first()
    name = group or get_object_or_404(request.team.members, uuid=id)
    void = queries.voided_by(request.team.pk, "group_id" if group else "user_id", id)
    return render(request, "routes/tests_void.html", {"void_tests": void, "name": name})


# --- Running ---------------------------------------------------------------------------------


@require_POST
@team_page(post=BUILDER)
def agent_tests_run(request: TeamRequest, id: UUID) -> HttpResponse:
    agent = agent_or_404(request.team, id)
    tests = list(routing_tests.of_agent(agent).order_by("created_at", "id"))
    if not tests:
        messages.error(request, f"{agent.name} has no tests yet.")
        return redirect("agent_tests", agent.pk)
    return redirect("check", candidates.check_tests(agent, tests, request.actor).pk)


@require_POST
@team_page(post=BUILDER)
def test_run(request: TeamRequest, id: UUID) -> HttpResponse:
    test = _test_or_404(request, id)
    return redirect("check", candidates.check_tests(test.agent, [test], request.actor).pk)


# --- Making ----------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@team_page(get=BUILDER, post=BUILDER)
def test_new(request: TeamRequest, id: UUID) -> HttpResponse:
    """A typed test: of a new case where the agent takes cases, else of a standalone run."""
    agent = agent_or_404(request.team, id)
    queues = list(routing_tests.queues_of(agent))
    data = request.POST or None
    form: CaseTestForm | StandaloneTestForm = (
        CaseTestForm(data, agent=agent, queues=queues) if queues else StandaloneTestForm(data, agent=agent)
    )
    if form.is_valid():
        try:
            _add(agent, form, request)
        except Refused as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, "Test created. It runs before each change of this agent goes live.")
            return redirect("agent_tests", agent.pk)
    context = {"agent": agent, "form": form}
    return render(request, "routes/test_form.html", context, status=422 if form.errors else 200)


def _add(agent: Agent, form: CaseTestForm | StandaloneTestForm, request: TeamRequest) -> RoutingTest:
    said = form.cleaned_data
    about = {
        "expected": said["expected"],
        "name": said["name"],
        "source": RoutingTest.Source.TYPED,
        "by": request.actor,
    }
    if isinstance(form, StandaloneTestForm):
        return routing_tests.add_standalone_test(agent, text=said["text"], **about)
    told = {"title": said["title"], "data": said["details"], "labels": [], "priority": Case.Priority.NONE}
    return routing_tests.add_case_test(agent, queue=said.get("queue"), **told, **about)


@require_http_methods(["GET", "POST"])
@team_page(get=BUILDER, post=BUILDER)
def run_test(request: TeamRequest, id: UUID) -> HttpResponse:
    """A test of what a run saw. Its personal details are offered to be replaced, all of them unless one says so."""
    run = run_or_404(request.team, id)
    try:
        sample = routing_tests.sample_of(run)
        if run.agent.is_deleted:
            raise Refused(f"{run.agent.name} has been deleted.", "agent_deleted")
    except Refused as refusal:
        messages.error(request, refusal.message)
        return redirect("run", run.pk)
    found = personal.details(sample)
    replacing = request.POST.getlist("replace") if request.method == "POST" else [one.original for one in found]
    initial = {"expected": _decided(run), "name": ""}
    form = ExpectationForm(request.POST or None, agent=run.agent, mode=sample["mode"], initial=initial)
    if form.is_valid():
        said = form.cleaned_data
        about = {"expected": said["expected"], "name": said["name"], "source": RoutingTest.Source.CASE}
        try:
            routing_tests.add_test_of_run(run, by=request.actor, replacing=replacing, **about)
        except Refused as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, "Test created. It runs before each change of this agent goes live.")
            return redirect("agent_tests", run.agent_id)
    shown = personal.replaced(sample, [one for one in found if one.original in replacing])
    context = {
        "agent": run.agent,
        "run": run,
        "form": form,
        "details": found,
        "replacing": replacing,
        "prompt": shown["prompt"],
    }
    return render(request, "routes/test_form.html", context, status=422 if form.errors else 200)


def _decided(run: Run) -> list[str]:
    try:
        return [key_of(one) for one in routing_tests.decided(run)]
    except Refused:
        return []


# --- Changing --------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@team_page(get=BUILDER, post=BUILDER)
def test_edit(request: TeamRequest, id: UUID) -> HttpResponse:
    """What a run saw stays as it was recorded; of what someone wrote, the input can be changed too."""
    test = _test_or_404(request, id)
    form = _form_of(test, request)
    if form.is_valid():
        said = form.cleaned_data
        inputs = {"title": said.get("title"), "data": said.get("details"), "text": said.get("text")}
        name = said["name"] or None
        try:
            routing_tests.change_test(test, request.actor, name=name, expected=said["expected"], **inputs)
        except Refused as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, "Test saved.")
            return redirect("agent_tests", test.agent_id)
    [row] = rows_of([test])
    context = {"agent": test.agent, "form": form, "test": test, "row": row, "prompt": test.sample["prompt"]}
    return render(request, "routes/test_form.html", context, status=422 if form.errors else 200)


def _form_of(test: RoutingTest, request: TeamRequest) -> ExpectationForm:
    data, sample = request.POST or None, test.sample
    initial = {"expected": [key_of(one) for one in test.expected], "name": test.name}
    if test.run_id is not None:
        return ExpectationForm(data, agent=test.agent, mode=test.mode, initial=initial)
    if sample["mode"] == samples.STANDALONE:
        return StandaloneTestForm(data, agent=test.agent, initial={**initial, "text": sample["text"]})
    details = sample["data"] if isinstance(sample["data"], str) else json.dumps(sample["data"], ensure_ascii=False)
    initial |= {"title": sample["title"], "details": "" if sample["data"] in ({}, "") else details}
    return CaseTestForm(data, agent=test.agent, queues=[], initial=initial)


@require_POST
@team_page(post=BUILDER)
def test_delete(request: TeamRequest, id: UUID) -> HttpResponse:
    test = _test_or_404(request, id)
    routing_tests.delete_test(test, request.actor)
    messages.success(request, f"“{test.name}” deleted.")
    return redirect("agent_tests", test.agent_id)


def _test_or_404(request: TeamRequest, id: UUID) -> RoutingTest:
    tests: Any = RoutingTest.objects.select_related("agent__team", "queue", "team")
    found: RoutingTest = get_object_or_404(tests, team=request.team, pk=id)
    return found
