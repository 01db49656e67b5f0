"""What changed between two decisions of a test: the lines of the procedure, and who is called or described otherwise.

Both are read from the runs that decided, so it is told of every check, whatever it was started for.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from builder.agents.saving import AgentChange
from builder.history import differences, revisions
from builder.history.revisions import Difference, Part
from builder.models import Agent
from builder.procedures.targets import Target
from routes.models import CheckResult, Trial
from routes.routing_tests import decisions
from routes.routing_tests.decisions import Decision
from runs.models import Run

type Line = tuple[Part, ...]

# How many lines stand between two decisions; the rest is in the difference of the whole.
_MOST = 3


@dataclass(frozen=True)
class Field:
    """A name, description or model that is another one with the change."""

    label: str
    before: str
    after: str


@dataclass(frozen=True)
class Change:
    """`lines`: those of the procedure that differ."""

    lines: tuple[Line, ...] = ()
    fields: tuple[Field, ...] = ()

    def between(self, *decided: Decision | None) -> "Change":
        """Return what of it is most likely the reason: the lines that name one of those who were handed over to, else
        all.
        """
        named = decisions.targets(one for one in decided if one)
        near = tuple(line for line in self.lines if any(_is_about(part, named) for part in line))
        return Change((near or self.lines)[:_MOST], self.fields[:_MOST])


def _is_about(part: Part, ids: set[UUID]) -> bool:
    shown = (one for one in part.parts if not isinstance(one, str))
    return any((one.agent.pk if isinstance(one, Target) else one.id) in ids for one in shown)


def of_results(rows: Iterable[CheckResult]) -> dict[UUID, Change]:
    """Return what changed for each test that was asked by runs before and with the change; by the test's id."""
    asked = [row for row in rows if row.run_ids and row.before_key != row.after_key]
    keys = [row.before_key for row in asked]
    teams = {row.team_id for row in asked}
    trials = Trial.objects.filter(team__in=teams, key__in=keys, number=1, run__isnull=False)
    first = dict(trials.values_list("key", "run"))
    ids = {*first.values(), *(row.run_ids[0] for row in asked)}
    runs = Run.objects.select_related("agent__team", "revision").in_bulk(ids)
    known: dict[str, Change] = {}
    found = {}
    for row in asked:
        before, after = runs.get(first.get(row.before_key)), runs.get(row.run_ids[0])
        if before and after:
            place = repr((before.revision_id, after.revision_id, before.targets, after.targets))
            if place not in known:
                known[place] = _between(before, after)
            found[row.test_id] = known[place]
    return found


def _between(before: Run, after: Run) -> Change:
    difference = revisions.difference(after.agent, before.revision.aop, after.revision.aop)
    return Change(lines_of(difference), tuple(_fields(before, after)))


def lines_of(difference: Difference) -> tuple[Line, ...]:
    lines = (line for passage in difference.passages for line in passage.lines)
    return tuple(line for line in lines if any(part.kind != differences.SAME and part.parts for part in line))


def _fields(before: Run, after: Run) -> Iterable[Field]:
    then, now = _described(before), _described(after)
    for key, (label, old) in then.items():
        if key in now and now[key][1] != old:
            yield Field(label, old, now[key][1])


def _described(run: Run) -> dict[str, tuple[str, str]]:
    """Return what a model is told by name, as labels with values. Targets are told apart by their ids: their names
    change.
    """
    own, revision = (run.sample or {}).get("own", {}), run.revision
    found = {label: (label, str(own.get(label.lower(), ""))) for label in ("Name", "Description")}
    found |= {"model": ("Model", revision.model), "fallback": ("Fallback model", revision.fallback)}
    for row in run.targets:
        for part in ("name", "description"):
            found[f"{row['agent_id']} {part}"] = (f"{part.capitalize()} of {row['name']}", str(row.get(part, "")))
    return found


def of_save(agent: Agent, live_number: int, changes: Sequence[AgentChange]) -> tuple[Difference | None, list[Field]]:
    """Return what a save that waits would change: of the procedure, if anything, and of the rest."""
    change, before = changes[0], agent.revisions.published().filter(number=live_number).first()
    if before is None:
        return None, []
    pairs = [
        ("Name", agent.name, change.name),
        ("Description", agent.description, change.description),
        ("Model", before.model, change.model),
        ("Fallback model", before.fallback, change.fallback),
    ]
    fields = [Field(label, old, new) for label, old, new in pairs if new is not None and new != old]
    found = revisions.difference(agent, before.aop, before.aop if change.aop is None else change.aop)
    return None if found.empty else found, fields
