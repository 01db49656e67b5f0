"""Changes the fields of a case, for people, agents and programs. Each change is an event with old and new values."""

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from cases.models import Case, CaseEvent, Kind
from cases.queues import labels as known_labels
from cases.timeline import timeline
from data.errors import Refused
from data.texts.text import one_line, storable
from teams.audit.actors import BATON, Actor

from .creation import DATA_LIMIT, clean_labels


def change_case(
    case: Case,
    *,
    title: str | None = None,
    data: Any = None,
    priority: int | None = None,
    labels: Sequence[str] | None = None,
    by: Actor = BATON,
    agent_id: UUID | None = None,
    run_id: UUID | None = None,
) -> list[str]:
    """Change the given fields of a locked case, and return the fields that differ from before."""
    wanted = {
        "title": None if title is None else one_line(title, "title", 200),
        "data": None if data is None else storable(data),
        "priority": priority,
        "labels": None if labels is None else clean_labels(labels),
    }
    if len(json.dumps(wanted["data"])) > DATA_LIMIT:
        raise Refused("The data of a case may hold 256 kB at most.", "invalid", {"data": "Too large: 256 kB at most."})
    changes = {
        name: {"old": getattr(case, name), "new": value}
        for name, value in wanted.items()
        if value is not None and value != getattr(case, name)
    }
    if not changes:
        return []
    for name, change in changes.items():
        setattr(case, name, change["new"])
    case.save(update_fields=list(changes))
    if "labels" in changes:
        known_labels.know(case.team_id, case.labels)
    timeline.record(case, Kind.UPDATED, by=by, agent_id=agent_id, run_id=run_id, data={"changes": changes})
    return list(changes)


def undo_change(case: Case, event: CaseEvent | None, *, by: Actor) -> None:
    """Undo what that event says was changed of a locked case. Refused if it has been changed again since."""
    changes = event.data.get("changes", {}) if event else {}
    if not changes or any(getattr(case, name) != change["new"] for name, change in changes.items()):
        raise Refused("It has been changed since, so this cannot be undone.", "changed_since")
    change_case(case, by=by, **{name: change["old"] for name, change in changes.items()})
