"""The part of an agent's form that says what it is connected to: its queues, and its tools of MCP servers."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import Any
from uuid import UUID

from django import forms
from django.forms import BoundField

from builder.models import ServerTool, ToolServer
from builder.tools import server_tools
from teams.models import Team
from web.forms.messages import PageForm

from .connections import Consumes
from .queries import AgentDetails

_PLACES = 5


@dataclass(frozen=True)
class QueueRow:
    """One queue with its three fields."""

    queue: Any
    consumes: BoundField
    concurrency: BoundField
    produces: BoundField


@dataclass(frozen=True)
class ToolGroup:
    """An MCP server with its tools, each with whether the agent has it."""

    server: ToolServer
    tools: list[tuple[ServerTool, bool]]

    @property
    def chosen(self) -> int:
        return sum(is_chosen for _, is_chosen in self.tools)


class ConnectionsForm(PageForm):
    """Each queue of the team has three fields, named by its id."""

    tools = forms.MultipleChoiceField(
        required=False, error_messages={"invalid_choice": "One of these tools has been deleted."}
    )

    def __init__(self, data: Any = None, *, team: Team, saved: AgentDetails | None) -> None:
        super().__init__(data, initial=_initial(saved))
        self.queues = list(team.queues.live())
        for queue in self.queues:
            self._add_queue(queue)
        self._tools = server_tools.on_offer(team, saved.tools if saved else [])
        self.fields["tools"].choices = [(str(tool.pk), tool.name) for tool in self._tools]  # type: ignore[attr-defined]

    def _add_queue(self, queue: Any) -> None:
        self.fields[f"consumes-{queue.pk}"] = forms.BooleanField(
            required=False, widget=_checkbox(f"Works the cases of {queue.name}")
        )
        self.fields[f"concurrency-{queue.pk}"] = forms.IntegerField(
            required=False,
            initial=_PLACES,
            min_value=1,
            max_value=1000,
            error_messages=dict.fromkeys(["min_value", "max_value"], "Choose between 1 and 1000."),
            widget=forms.NumberInput(
                attrs={"aria-label": f"Cases of {queue.name} at once", "class": "input input-sm w-18"}
            ),
        )
        self.fields[f"produces-{queue.pk}"] = forms.BooleanField(
            required=False, widget=_checkbox(f"May add cases to {queue.name}")
        )

    def queue_rows(self) -> Iterable[QueueRow]:
        for queue in self.queues:
            yield QueueRow(
                queue, self[f"consumes-{queue.pk}"], self[f"concurrency-{queue.pk}"], self[f"produces-{queue.pk}"]
            )

    def tool_groups(self) -> list[ToolGroup]:
        """Return the tools that the agent can be given, by server."""
        chosen = set(self["tools"].value() or [])
        return [
            ToolGroup(server, [(tool, str(tool.pk) in chosen) for tool in tools])
            for server, tools in groupby(self._tools, key=attrgetter("server"))
        ]

    def ticked(self, role: str) -> frozenset[UUID]:
        """Return the queues that are ticked for a role, as it stands in the fields."""
        return frozenset(queue.pk for queue in self.queues if self[f"{role}-{queue.pk}"].value())

    def chosen_tools(self) -> list[ServerTool]:
        """Return the tools that are ticked, as it stands in the fields."""
        chosen = set(self["tools"].value() or [])
        return [tool for tool in self._tools if str(tool.pk) in chosen]

    def wanted(self) -> dict[str, Any]:
        """Return what a valid form asks for, as fields of an `AgentChange`."""
        places = {queue.pk: self.cleaned_data[f"concurrency-{queue.pk}"] or _PLACES for queue in self.queues}
        return {
            "consumes": [Consumes(pk, places[pk]) for pk in self._chosen("consumes")],
            "produces": self._chosen("produces"),
            "tools": [UUID(pk) for pk in self.cleaned_data["tools"]],
        }

    def _chosen(self, role: str) -> list[Any]:
        return [queue.pk for queue in self.queues if self.cleaned_data[f"{role}-{queue.pk}"]]


def _checkbox(label: str) -> forms.CheckboxInput:
    return forms.CheckboxInput(attrs={"aria-label": label, "class": "checkbox checkbox-sm"})


def _initial(saved: AgentDetails | None) -> dict[str, Any]:
    if saved is None:
        return {}
    initial: dict[str, Any] = {"tools": [str(tool.pk) for tool in saved.tools]}
    for connection in saved.consumes:
        initial[f"consumes-{connection.queue_id}"] = True
        initial[f"concurrency-{connection.queue_id}"] = connection.concurrency
    return initial | {f"produces-{queue_id}": True for queue_id in saved.produces}
