"""The page of a check: how far it is, which tests it breaks, and what one can do about them."""

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_GET, require_POST

from builder.history import revisions
from builder.history.revisions import Difference
from data.errors import Refused
from data.ids import parse_uuid
from routes.models import Check, CheckResult, Verdict
from routes.routing_tests import decisions, routing_tests
from teams.access.permissions import BUILDER, TeamRequest, team_page
from web.http.partials import render_page

from . import checks, going_live, results

_ORDER = [Verdict.BROKEN, Verdict.UNTESTED, Verdict.FIXED, Verdict.FAILING, Verdict.PASSING, Verdict.VOID]


@dataclass(frozen=True)
class Row:
    """A test of a check in words. `run_id` leads to what the model did with the change."""

    result: CheckResult
    expected: str
    before: str
    after: str

    @property
    def run_id(self) -> UUID | None:
        return self.result.run_ids[0] if self.result.run_ids else None

    @property
    def may_be_accepted(self) -> bool:
        """Whether the new decision is one that a test can expect."""
        kinds = {decisions.DIVERGENT, decisions.NONE}
        return self.result.verdict == Verdict.BROKEN and self.result.after["decision"] not in kinds


@require_GET
@team_page
def check(request: TeamRequest, id: UUID) -> HttpResponse:
    found = get_object_or_404(Check.objects.select_related("agent"), team=request.team, pk=id)
    rows = _rows(found)
    known, count = sum(results.counts(found).values()), found.results.count()
    context = {
        "check": found,
        "agent": found.agent,
        "live_on": f"check:{found.pk} agent:{found.agent_id}",
        "known": known,
        "count": count,
        "held": [row for row in rows if row.result.verdict in (Verdict.BROKEN, Verdict.UNTESTED)],
        "others": [row for row in rows if row.result.verdict not in (Verdict.BROKEN, Verdict.UNTESTED)],
        "difference": _difference(found),
        "may_override": _may_override(request) and found.waiting and found.passed is False,
        "may_stop": found.is_open and request.member.builds,
    }
    return render_page(request, "routes/check.html", context, parts=["check"])


def _rows(check: Check) -> list[Row]:
    found = results.of_check(check)
    names = results.names_in(found)
    rows = [
        Row(
            row,
            results.expected_in_words(row, names),
            *results.decisions_in_words(row, names),
        )
        for row in found
    ]
    return sorted(rows, key=lambda row: _ORDER.index(Verdict(row.result.verdict)))


def _difference(check: Check) -> Difference | None:
    """What the change says otherwise, as long as it is not live."""
    if not check.waiting:
        return None
    aop = next(
        (change.aop for change in going_live.CHANGES.validate_python(check.waiting) if change.aop is not None), None
    )
    before = check.agent.revisions.published().filter(number=check.live_number).first()
    if aop is None or before is None:
        return None
    found = revisions.difference(check.agent, before.aop, aop)
    return None if found.empty else found


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
    messages.success(request, "Saved. Runs that start from now on follow it.")
    return redirect("agent", found.agent_id)


@require_POST
@team_page(post=BUILDER)
def check_accept(request: TeamRequest, id: UUID) -> HttpResponse:
    """The chosen test expects the new decision from now on. With the last one accepted the change is checked again."""
    found = get_object_or_404(Check.objects.select_related("agent"), team=request.team, pk=id)
    test = parse_uuid(request.POST.get("test", ""))
    row = get_object_or_404(found.results.select_related("test"), test=test, verdict=Verdict.BROKEN)
    try:
        routing_tests.change_test(row.test, request.actor, expected=[row.after])
    except Refused as refusal:
        messages.error(request, refusal.message)
        return redirect("check", found.pk)
    messages.success(request, f"“{row.test.name}” expects the new decision now.")
    again = checks.check_again(found, request.actor)
    return redirect("check", again.pk)
