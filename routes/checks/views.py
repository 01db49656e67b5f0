"""The page of a check: how far it is, which tests it breaks, and what one can do about them."""

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_GET, require_POST

from builder.history.revisions import Difference
from data.errors import Refused
from data.ids import parse_uuid
from routes.models import Check, CheckResult, Verdict
from routes.routing_tests import decisions, routing_tests
from teams.access.permissions import BUILDER, TeamRequest, team_page
from web.http.partials import render_page

from . import answers, changed, checks, costs, going_live, results, verdicts
from .changed import Change, Field
from .costs import Estimate
from .going_live import Waiting, back, in_words, waiting_for

# The verdicts of tests that the change decides otherwise.
_TURNED = (Verdict.BROKEN, Verdict.FIXED)
_ORDER = [Verdict.BROKEN, Verdict.UNTESTED, Verdict.FIXED, Verdict.FAILING, Verdict.PASSING, Verdict.VOID]


@dataclass(frozen=True)
class Row:
    """A test of a check in words. `change`: what lies between both decisions. `why` it could not be tested. `run_id`
    leads to what the model did with the change.
    """

    result: CheckResult
    expected: str
    before: str
    after: str
    change: Change | None
    why: str

    @property
    def run_id(self) -> UUID | None:
        return self.result.run_ids[0] if self.result.run_ids else None

    @property
    def may_be_accepted(self) -> bool:
        """Whether the new decision is one that a test can expect."""
        kinds = {decisions.DIVERGENT, decisions.NONE}
        is_saved = self.result.test.staged_at is None
        return self.result.verdict == Verdict.BROKEN and is_saved and self.result.after["decision"] not in kinds


@require_GET
@team_page
def check(request: TeamRequest, id: UUID) -> HttpResponse:
    found = get_object_or_404(Check.objects.select_related("agent"), team=request.team, pk=id)
    rows = _rows(found)
    known, count = sum(results.counts(found).values()), found.results.count()
    waiting = waiting_for(found)
    difference, fields = _saved_by(found, waiting)
    back_url, back_label = back(waiting, found.agent, request.user)
    context = {
        "check": found,
        "agent": found.agent,
        "live_on": f"check:{found.pk} agent:{found.agent_id}",
        "known": known,
        "count": count,
        "held": [row for row in rows if row.result.verdict in verdicts.HOLD_BACK],
        "others": [row for row in rows if row.result.verdict not in verdicts.HOLD_BACK],
        "estimate": _estimate(found) if found.is_open else None,
        "act": in_words(waiting, request.team) if waiting else "",
        "back_url": back_url,
        "back_label": back_label,
        "difference": difference,
        "fields": fields,
        "may_override": _may_override(request) and waiting and found.passed is False and not found.is_applied,
        "may_stop": found.is_open and request.member.builds,
    }
    return render_page(request, "routes/check.html", context, parts=["check"])


def _rows(check: Check) -> list[Row]:
    found = results.of_check(check)
    names, changes = results.names_in(found), changed.of_results(row for row in found if row.verdict in _TURNED)
    errors = answers.errors(check)
    rows = [
        Row(
            row,
            results.expected_in_words(row, names),
            *results.decisions_in_words(row, names),
            changes[row.test_id].between(row.before, row.after) if row.test_id in changes else None,
            errors.get(row.after_key) or errors.get(row.before_key, "") if row.verdict == Verdict.UNTESTED else "",
        )
        for row in found
    ]
    return sorted(rows, key=lambda row: _ORDER.index(Verdict(row.result.verdict)))


def _saved_by(check: Check, waiting: Waiting | None) -> tuple[Difference | None, list[Field]]:
    """What a save says otherwise, as long as it is not live."""
    if not isinstance(waiting, list) or check.is_applied:
        return None, []
    return changed.of_save(check.agent, check.live_number, waiting)


def _estimate(check: Check) -> Estimate:
    """Of what is still to be asked."""
    left = answers.waiting_for(check)
    return costs.estimate((trial.question["told"], trial.question["sample"], 1) for trial in left)


def _may_override(request: TeamRequest) -> bool:
    return request.member.administers or (request.team.builders_may_override and request.member.builds)


@require_POST
@team_page(post=BUILDER)
def check_stop(request: TeamRequest, id: UUID) -> HttpResponse:
    found = get_object_or_404(Check, team=request.team, pk=id)
    try:
        checks.stop(found, request.actor)
    except Refused as refusal:
        messages.error(request, refusal.message)
    return redirect("check", found.pk)


@require_POST
@team_page(post=BUILDER)
def check_override(request: TeamRequest, id: UUID) -> HttpResponse:
    """Saves what the check holds back, with a reason."""
    found = get_object_or_404(Check.objects.select_related("agent"), team=request.team, pk=id)
    if not _may_override(request):
        messages.error(request, "Nothing was saved. You don't have access. Ask an administrator.")
        return redirect("check", found.pk)
    reason = request.POST.get("reason", "").strip()
    if not reason:
        messages.error(request, "Nothing was saved. Enter a reason.")
        return redirect("check", found.pk)
    try:
        going_live.save_waiting(found, request.user, override=reason)
    except Refused as refusal:
        messages.error(request, refusal.message)
        return redirect("check", found.pk)
    messages.success(request, "Saved. New runs use it.")
    return redirect("agent", found.agent_id)


@require_POST
@team_page(post=BUILDER)
def check_accept(request: TeamRequest, id: UUID) -> HttpResponse:
    """The chosen test expects the new decision from now on. A change that waits is checked again; a program
    sends its request again.
    """
    found = get_object_or_404(Check.objects.select_related("agent"), team=request.team, pk=id)
    test = parse_uuid(request.POST.get("test", ""))
    broken = found.results.filter(verdict=Verdict.BROKEN, test__staged_at=None)
    row = get_object_or_404(broken.select_related("test"), test=test)
    try:
        routing_tests.change_test(row.test, request.actor, expected=[row.after])
    except Refused as refusal:
        messages.error(request, refusal.message)
        return redirect("check", found.pk)
    messages.success(request, f"“{row.test.name}” expects the new decision now.")
    if not found.waiting or found.is_applied:
        return redirect("check", found.pk)
    again = checks.check_again(found, request.actor)
    return redirect("check", again.pk)
