"""Whether a model calls its tools natively, or is held to a JSON schema of its calls instead.

Only servers that are compatible with OpenAI's chat completions are held to a schema: small models behind them often
cannot call tools, and the providers' own models can.
"""

from collections.abc import Collection
from uuid import UUID

from django.db import transaction

from data.errors import Refused
from runs.models import ToolCalling
from teams.audit import audit
from teams.models import Team

Style = ToolCalling.Style


def may_use_schema(name: str) -> bool:
    return name.startswith("openai-chat:")


def by_schema(team_id: UUID, names: Collection[str]) -> frozenset[str]:
    """Return those of the models that are held to a schema. Only models that may be are looked up in the database."""
    asked = {name for name in names if may_use_schema(name)}
    rows = ToolCalling.objects.filter(team_id=team_id, model__in=asked) if asked else ()
    return frozenset(row.model for row in rows if row.style == Style.SCHEMA)


def tool_calling_of(team: Team, name: str) -> ToolCalling:
    """The row, or one that is not kept yet."""
    return ToolCalling.objects.filter(team=team, model=name).first() or ToolCalling(team=team, model=name)


def record_tool_calling(team: Team, name: str, found: str) -> None:
    """What a test found out. It holds where nobody has chosen."""
    if may_use_schema(name) and tool_calling_of(team, name).found != found:
        ToolCalling.objects.update_or_create(team=team, model=name, defaults={"found": found})


@transaction.atomic
def choose(team: Team, name: str, style: str) -> ToolCalling:
    """Refused where the style is none, or the model's provider knows only one."""
    if style not in Style or not may_use_schema(name):
        raise Refused("Choose how the model calls tools.", "invalid", {"tool_calls": "Choose one of these."})
    before = tool_calling_of(team, name).get_chosen_display()
    row, _ = ToolCalling.objects.update_or_create(team=team, model=name, defaults={"chosen": style})
    audit.record(team.pk, "tool_calls_changed", row, audit.changes([("Tool calls", before, row.get_chosen_display())]))
    return row
