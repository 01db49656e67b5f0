"""The page of one run, and its long texts, which are fetched when someone opens them."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from builder.models import Revision
from runs.models import Run, Status
from teams.access.permissions import TeamRequest, team_page
from web.format.amounts import money
from web.http.partials import render_page

from . import chain, conversation, queries, run_actions, wording
from .access import run_or_404

# An answer up to this length stands on the page whole.
_ANSWER = 20_000
_ENTRY_TEXTS = {"text", "instructions", "arguments", "result"}
_TITLES = {
    "text": "What it wrote",
    "instructions": "Instructions",
    "arguments": "Called with",
    "result": "Result",
    "answer": "Answer",
    "input": "What it was given",
}
# Of runs without a case.
_KINDS: dict[str, str] = {
    Run.Trigger.TRY: "A try without effects",
    Run.Trigger.TEST: "A routing test without effects",
}


@require_GET
@team_page
def run(request: TeamRequest, id: UUID) -> HttpResponse:
    run = run_or_404(request.team, id)
    context = about(run)
    context["actions"] = run_actions.of_run(
        run,
        context["trouble"],
        request.member,
        has_failed=context["standing"].kind == "failed",
        stops_at_once=context["stops_at_once"],
    )
    context["address"] = request.build_absolute_uri(reverse("run", args=[id]))
    return render_page(request, "runs/run.html", context, parts=["run-now"])


@require_GET
@team_page
def run_why(request: TeamRequest, id: UUID) -> HttpResponse:
    """The procedure that ran; with the sentence marked by which it handed over or asked, as far as that is known."""
    run = run_or_404(request.team, id)
    asked: dict[str, Any] = {"tried": run.revision_id} if run.revision.status == Revision.Status.TRIED else {}
    place = queries.passage_of(run)
    if place:
        asked |= {"from": place[0], "to": place[1]}
    fragment = "passage" if place else "text"
    return redirect(reverse("revision", args=[run.agent_id, run.revision.number], query=asked, fragment=fragment))


def about(run: Run) -> dict[str, Any]:
    """All that is said about one run."""
    found, now = queries.details(run), timezone.now()
    entries = conversation.entries(
        found.steps, targets=run.targets or [], requests=found.requests, handover=found.handover
    )
    activity = conversation.activity(entries, run.revision.model)
    return {
        "run": run,
        "found": found,
        "now": now,
        "standing": wording.standing(run, now),
        "trouble": wording.trouble(run.error_code),
        "entries": entries,
        "activity": activity,
        "doing": activity if run.status == Status.RUNNING else "",
        "chain_url": f"{reverse('runs')}?{_of_chain(run)}",
        "subtitle": f"On {run.case}" if run.case else _KINDS.get(run.trigger, "Standalone run"),
        "live_on": _live_on(found),
        "tries": f"{run.retries} of {settings.MODEL_RETRIES}",
        "cost": money(run.cost_usd),
        "answer": run.result if len(run.result) <= _ANSWER else conversation.beginning(run.result),
        "is_cut": len(run.result) > _ANSWER,
        "is_input_long": len(run.input) > conversation.SHORT,
        "chain": chain.picture(run, found.chain, is_whole=len(found.chain) < queries.RUNS_OF_ONE_THING),
        # A stop changes nothing that anyone would miss: nothing was done yet, and no case waits for it.
        "stops_at_once": not run.case_id and not any(entry.kind == "call" for entry in entries),
    }


def _of_chain(run: Run) -> str:
    return f"case={run.case_id}" if run.case_id else f"chain={run.root_id or run.pk}"


def _live_on(found: queries.RunDetails) -> str:
    """The signals that change what is said: of the run, of its case, and of those that came of it."""
    words = [f"run:{row.pk}" for row in found.chain if row.is_live and row != found.run]
    words += [f"case:{found.run.case_id}"] if found.run.case_id else []
    return " ".join([f"run:{found.run.pk}", *words])


@require_GET
@team_page
def run_text(request: TeamRequest, id: UUID) -> HttpResponse:
    """A long text of a run: `what` of the entry `of` its conversation, else its own answer or input."""
    run = run_or_404(request.team, id)
    key, what = request.GET.get("of", "run"), request.GET.get("what", "input")
    text = _text_of_run(run, what) if key == "run" else _text_of_entry(run, key, what)
    if text is None:
        raise Http404
    context = {"run": run, "key": key, "what": what, "title": _TITLES[what], "text": text}
    template = "runs/text.html#text" if "HX-Request" in request.headers else "runs/text.html"
    return render(request, template, context)


def _text_of_run(run: Run, what: str) -> str | None:
    return {"answer": run.result, "input": run.input}.get(what)


def _text_of_entry(run: Run, key: str, what: str) -> Any:
    seq = key.partition("-")[0]
    if what not in _ENTRY_TEXTS or not (seq.isascii() and seq.isdigit() and len(seq) < 10):
        return None
    found = conversation.entries(queries.step_with_results(run, int(seq)))
    return next((getattr(entry, what) for entry in found if entry.key == key), None)
