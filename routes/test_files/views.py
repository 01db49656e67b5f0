"""The page that imports routing tests from a table: what it holds, what each column becomes, and what is wrong."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from builder.agents.access import agent_or_404
from builder.models import Agent
from data.errors import Refused
from routes.routing_tests import batches, decisions, routing_tests
from teams.access.permissions import BUILDER, TeamRequest, team_page

from . import tables
from .forms import ColumnsForm, TableForm
from .tables import Preview, Sheet

_SHOWN = 50
_FIRST = 3


@require_http_methods(["GET", "POST"])
@team_page(get=BUILDER, post=BUILDER)
def tests_import(request: TeamRequest, id: UUID) -> HttpResponse:
    """Nothing is kept between the preview and the import but what stands in the form itself."""
    agent = agent_or_404(request.team, id)
    form = TableForm(request.POST or None, request.FILES or None)
    context: dict[str, Any] = {"agent": agent, "form": form}
    if form.is_valid():
        try:
            is_file = bool(form.cleaned_data["file"])
            if is_file:
                form = context["form"] = _with_rows(form)
            sheet = tables.read_text(form.cleaned_data["text"])
            context |= _columns(request, sheet, is_file)
            found = context["found"] = tables.preview(agent, sheet, context["roles"])
            if request.POST.get("act") == "import" and not is_file and _may_import(form, found):
                return _import(request, agent, found)
        except Refused as refusal:
            form.add_error(None, refusal.message)
    if isinstance(ahead := context.get("found"), Preview):
        context |= {"flaws": ahead.flaws[:_SHOWN], "samples": _samples(ahead)}
    return render(request, "routes/test_import.html", context, status=422 if form.errors else 200)


def _with_rows(form: TableForm) -> TableForm:
    """The form with the rows of its file in the place of its text."""
    text = tables.read_upload(form.cleaned_data["file"].read())
    told = TableForm({"text": text, "skip_flawed": form.cleaned_data["skip_flawed"]})
    told.is_valid()
    return told


def _columns(request: TeamRequest, sheet: Sheet, is_file: bool) -> dict[str, Any]:
    """Return what was chosen, as long as it is about these columns."""
    names = [name for name in request.POST if name.startswith("role-")]
    is_told = not is_file and len(names) == len(sheet.names)
    chosen = ColumnsForm(request.POST if is_told else {}, sheet)
    chosen.is_valid()
    shown = ColumnsForm({f"role-{place}": role for place, role in enumerate(chosen.roles)}, sheet)
    cells = [[row.cells[at : at + 1] for row in sheet.rows[:_FIRST]] for at in range(len(sheet.names))]
    return {"roles": chosen.roles, "columns": list(zip(shown, cells, strict=True))}


def _may_import(form: TableForm, found: Preview) -> bool:
    if found.flaws and not form.cleaned_data["skip_flawed"]:
        form.add_error(None, "Nothing was imported. Fix the rows with errors, or skip them.")
    elif not found.wanted:
        form.add_error(None, "Nothing was imported. No row can become a test.")
    return not form.errors


def _import(request: TeamRequest, agent: Agent, found: Preview) -> HttpResponse:
    routing_tests.refuse_too_many(agent, len(found.wanted))  # before their prompts are written
    made = batches.add_tests(agent, tables.tests_of(agent, found.wanted), request.actor)
    skipped = f" {found.flawed:,} with errors were skipped." if found.flawed else ""
    messages.success(request, f"{len(made):,} test{'' if len(made) == 1 else 's'} imported.{skipped}")
    return redirect("agent_tests", agent.pk)


def _samples(found: Preview) -> list[tuple[str, str]]:
    """The first tests: what they are called, and what they expect."""
    shown = found.wanted[:5]
    names = decisions.names(one for row in shown for one in row.expected)
    return [(row.name, " or ".join(decisions.in_words(one, names) for one in row.expected)) for row in shown]
