"""The form of an agent: everything one saves about it, at once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import Any, cast
from uuid import UUID

from django import forms
from django.conf import settings
from django.forms import BoundField
from django.http import QueryDict

from builder.history import drafts, revisions, told
from builder.history.drafts import Conflict, Known
from builder.history.told import OFFLINE
from builder.models import Agent, Revision, ServerTool, ToolServer
from builder.procedures import mention_search, mentions
from builder.procedures.mention_search import Viewpoint
from builder.procedures.people import find_people
from builder.procedures.targets import Target
from builder.tools import server_tools
from builder.usage import limits
from builder.wiring.doctor import Finding, reds
from builder.wiring.doctor_input import Typed, gather
from data.errors import Refused
from data.ids import parse_uuid
from teams.models import Team
from teams.settings.forms import BudgetForm
from web.forms.refusals import show_refusal
from web.forms.stale import SharedForm

from . import agents, connections
from .queries import AgentDetails
from .unavailable_forms import UnavailableForm

PROVIDER = "provider"
_PLACES = 5

_EXAMPLE = """\
GOAL
What a good result looks like, in a sentence or two.

STEPS
1. Read the whole case before you decide.
2. If it is about …, hand over to @…
3. Otherwise do …, and complete the case with what you did.

NOTES
- What the agent must never do.
- When it should ask a person."""


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


class AgentForm(SharedForm):
    # The procedure and its models are a revision: see `_merge_revision`.
    apart = frozenset({"aop", "model_kind", "model", "fallback", "note", "revision", "draft"})

    name = forms.CharField(max_length=80, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    description = forms.CharField(
        label="In one line",
        max_length=200,
        required=False,
        help_text="Other agents read this line when they choose whom to hand over to. Say what this one is for.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "placeholder": "Invoices, refunds and double charges."}),
    )
    aop = forms.CharField(
        label="Procedure",
        required=False,
        strip=False,
        widget=forms.Textarea(
            attrs={"rows": 18, "placeholder": _EXAMPLE, "class": "textarea procedure-field", "aria-label": "Procedure"}
        ),
    )
    model_kind = forms.ChoiceField(
        label="Model",
        choices=[(OFFLINE, "Offline stand-in: no language model"), (PROVIDER, "A language model")],
        widget=forms.Select(attrs={"class": "select"}),
    )
    model = forms.CharField(
        label="Provider and model",
        max_length=100,
        error_messages={"required": "Please type the name of a model, such as anthropic:claude-sonnet-5."},
        help_text="provider:name, such as anthropic:claude-sonnet-5. For a server of your own that speaks OpenAI’s"
        " protocol: openai-chat:name.",
        widget=forms.TextInput(attrs={"list": "models", "autocomplete": "off", "spellcheck": "false"}),
    )
    fallback = forms.CharField(
        label="If it fails, go on with",
        max_length=100,
        required=False,
        help_text="Another model, best of another provider. A run goes on with it from where it stands, once.",
        widget=forms.TextInput(
            attrs={"list": "models", "autocomplete": "off", "spellcheck": "false", "placeholder": "provider:name"}
        ),
    )
    may_ask = forms.BooleanField(
        label="May ask a person",
        required=False,
        help_text="It can put a question to your team and wait for the answer.",
    )
    tools = forms.MultipleChoiceField(
        required=False, error_messages={"invalid_choice": "One of these tools has been deleted."}
    )
    note = forms.CharField(
        label="What changed",
        max_length=200,
        required=False,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "off",
                "placeholder": "What changed (optional)",
                "aria-label": "What changed (optional)",
                "class": "input min-w-0 flex-1 sm:max-w-80",
            }
        ),
    )
    # What the person has seen: the live revision, and the versions of the draft.
    revision = forms.IntegerField(required=False, widget=forms.HiddenInput)
    draft = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, team: Team, saved: AgentDetails | None = None) -> None:
        self.unsaved = drafts.draft_of(saved.agent) if saved else None
        super().__init__(data, initial=_initial(saved, self.unsaved))
        self.team = team
        if saved is None:
            self.fields["name"].widget.attrs["autofocus"] = True
        own = saved.agent.budget if saved else {}
        self.budget = BudgetForm(data, budget=own, inherited=limits.inherited(team), prefix="budget")
        self.unavailable = UnavailableForm(data, team=team, agent=saved.agent if saved else None)
        self.saved = saved
        self.conflict: Conflict | None = None
        self.breaks: list[Finding] = []  # what stops the form from being saved until someone saves it anyway
        self.choice: revisions.Choice | None = None
        self.queues = list(team.queues.live())
        for queue in self.queues:
            self._add_queue(queue)
        self._tools = server_tools.on_offer(team, saved.tools if saved else [])
        self.fields["tools"].choices = [(str(tool.pk), tool.name) for tool in self._tools]  # type: ignore[attr-defined]
        # Whether this tab changed nothing of what the agent is told, so that no revision comes of it.
        self.tells_the_same = False
        if saved:
            self.merge(self.budget, self.unavailable)
            self._merge_revision(saved)

    def _add_queue(self, queue: Any) -> None:
        self.fields[f"consumes-{queue.pk}"] = forms.BooleanField(
            required=False, widget=_checkbox(f"Works the cases of {queue.name}")
        )
        self.fields[f"concurrency-{queue.pk}"] = forms.IntegerField(
            required=False,
            initial=_PLACES,
            min_value=1,
            max_value=1000,
            error_messages=dict.fromkeys(["min_value", "max_value"], "Please choose between 1 and 1000."),
            widget=forms.NumberInput(
                attrs={"aria-label": f"Cases of {queue.name} at once", "class": "input input-sm w-18"}
            ),
        )
        self.fields[f"produces-{queue.pk}"] = forms.BooleanField(
            required=False, widget=_checkbox(f"May add cases to {queue.name}")
        )

    def _merge_revision(self, saved: AgentDetails) -> None:
        """What this tab left as it was keeps what is live by now. Where both changed the text, `drafts` says so."""
        known = known_to(self.data)
        base = drafts.published(saved.agent, known.revision) if known else None
        if known is None or base is None:
            return
        data = cast(QueryDict, self.data)
        typed = {"aop": data.get("aop", ""), "model": model_of(data), "fallback": fallback_of(data)}
        changes = told.compare(saved.agent, typed, base, saved.revision)
        draft = self.unsaved
        self.tells_the_same = not changes.mine and not (draft and draft.pk in known.drafts)
        self.clashes = [*self.clashes, *changes.clashes(data)]
        changes.merge_into(data)
        if "aop" not in changes.both:
            data["revision"] = str(saved.revision.number)

    def queue_rows(self) -> Iterable[QueueRow]:
        for queue in self.queues:
            yield QueueRow(
                queue, self[f"consumes-{queue.pk}"], self[f"concurrency-{queue.pk}"], self[f"produces-{queue.pk}"]
            )

    def tool_groups(self) -> list[ToolGroup]:
        """The tools one can give it, by server."""
        chosen = set(self["tools"].value() or [])
        return [
            ToolGroup(server, [(tool, str(tool.pk) in chosen) for tool in tools])
            for server, tools in groupby(self._tools, key=attrgetter("server"))
        ]

    def typed(self) -> Typed:
        """What the wiring doctor looks at, as it stands in the fields."""
        agent = self.saved.agent if self.saved else Agent(team=self.team, name=self["name"].value() or "This agent")
        works, feeds = (
            frozenset(queue.pk for queue in self.queues if self[f"{role}-{queue.pk}"].value())
            for role in ("consumes", "produces")
        )
        chosen = set(self["tools"].value() or [])
        tools = [tool for tool in self._tools if str(tool.pk) in chosen]
        text = mentions.normalise(self["aop"].value() or "")[: agents.AOP_LIMIT]
        return Typed(agent, text, works, feeds, tools)

    def mentioned(self) -> list[Target]:
        """Whom the procedure in the field mentions, judged by the queues that are ticked beside it."""
        queues = {queue.pk for queue in self.queues if self[f"consumes-{queue.pk}"].value()}
        of = Viewpoint(self.team, self.saved.agent if self.saved else None, queues)
        return mention_search.mentioned(self["aop"].value() or "", of)

    def mentioned_people(self) -> list[dict[str, Any]]:
        """The same of members and groups, as the editor takes them."""
        works = any(self[f"consumes-{queue.pk}"].value() for queue in self.queues)
        wanted = mentions.people_ids(self["aop"].value() or "")
        return [
            mention_search.described_people(one) for one in find_people(self.team, wanted, works_queue=works).values()
        ]

    def clean_aop(self) -> str:
        return mentions.normalise(self.cleaned_data["aop"])

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        if cleaned.get("model_kind") == OFFLINE:
            cleaned["model"] = OFFLINE
            cleaned["fallback"] = ""
            self.errors.pop("model", None)  # a name is only needed for the other kind
        if not self.budget.is_valid():
            self.add_error(None, "Nothing is saved yet. What to change stands in red under Budget.")
        if not self.unavailable.is_valid():
            self.add_error(None, "Nothing is saved yet. What to change stands in red under Availability.")
        return cleaned

    def is_ready(self) -> bool:
        """Whether it is valid, and no runs would break by it. Else the reasons are among the errors."""
        return self.is_valid() and not self._would_break()

    def wanted(self) -> dict[str, Any]:
        """What a valid form asks for, as the fields of an `AgentChange`."""
        names = {"name", "description", "may_ask", "aop", "model", "fallback", "note"}
        if self.tells_the_same:
            names -= {"aop", "model", "fallback", "note"}
        return {
            **{name: self.cleaned_data[name] for name in names},
            "consumes": self._consumes(),
            "produces": self._chosen("produces"),
            "tools": [UUID(pk) for pk in self.cleaned_data["tools"]],
            "budget": self.budget.wanted(),
            "when_unavailable": self.unavailable.wanted(),
        }

    def refuse(self, refusal: Refused) -> None:
        """Takes note of what the verb refused. Nothing typed is lost."""
        if isinstance(refusal, Conflict):
            self._take_note(refusal)
        else:
            show_refusal(self, refusal)

    def _would_break(self) -> bool:
        """Whether runs would break and nobody has said to save anyway. An unknown mention is refused in any case."""
        if "anyway" in self.data:
            return False
        [facts] = gather(self.team, [self.typed()])
        self.breaks = [finding for finding in reds(facts) if finding.code != "unknown_mention"]
        if self.breaks:
            self.add_error(None, f"Nothing is saved yet. {' '.join(finding.message for finding in self.breaks)}")
        return bool(self.breaks)

    def _take_note(self, conflict: Conflict) -> None:
        """Anyone who saves again after this has seen what the others wrote, and means it."""
        self.conflict = conflict
        self.choice = revisions.choice(conflict.theirs.agent, self.cleaned_data["aop"], conflict.theirs)
        self.add_error(None, f"Nothing is saved yet. {conflict.message}")
        self.data = self.data.copy()  # type: ignore[attr-defined]
        if conflict.theirs.status == Revision.Status.DRAFT:
            self.data["draft"] = f"{self.data.get('draft', '')} {conflict.theirs.pk}".strip()  # type: ignore[index]
        else:
            self.data["revision"] = str(conflict.theirs.number)  # type: ignore[index]

    def _consumes(self) -> list[connections.Consumes]:
        places = {queue.pk: self.cleaned_data[f"concurrency-{queue.pk}"] or _PLACES for queue in self.queues}
        return [connections.Consumes(pk, places[pk]) for pk in self._chosen("consumes")]

    def _chosen(self, role: str) -> list[Any]:
        return [queue.pk for queue in self.queues if self.cleaned_data[f"{role}-{queue.pk}"]]


def _checkbox(label: str) -> forms.CheckboxInput:
    return forms.CheckboxInput(attrs={"aria-label": label, "class": "checkbox checkbox-sm"})


def model_of(data: Mapping[str, Any]) -> str:
    """The model that the form's two fields say."""
    return OFFLINE if data.get("model_kind") == OFFLINE else data.get("model", "")


def fallback_of(data: Mapping[str, Any]) -> str:
    """The stand-in does not fail, and has none."""
    return "" if data.get("model_kind") == OFFLINE else str(data.get("fallback", ""))


def known_to(data: Mapping[str, Any]) -> Known | None:
    """What the page that sent this had seen; None for a program that says nothing of that."""
    revision = str(data.get("revision") or "")
    if not revision.isdecimal():
        return None
    return Known(frozenset(_ids(data.get("draft", ""))), int(revision))


def _ids(words: str) -> list[UUID]:
    return [id for word in words.split() if (id := parse_uuid(word))]


def _initial(saved: AgentDetails | None, draft: Revision | None) -> dict[str, Any]:
    shown = draft or (saved.revision if saved else None)
    model = shown.model if shown else settings.BATON_DEFAULT_MODEL
    initial: dict[str, Any] = {
        "model_kind": OFFLINE if model == OFFLINE else PROVIDER,
        "model": "" if model == OFFLINE else model,
        "fallback": shown.fallback if shown else "",
        "may_ask": True,
    }
    if saved is None:
        return initial
    for connection in saved.consumes:
        initial[f"consumes-{connection.queue_id}"] = True
        initial[f"concurrency-{connection.queue_id}"] = connection.concurrency
    initial["tools"] = [str(tool.pk) for tool in saved.tools]
    initial |= {f"produces-{queue_id}": True for queue_id in saved.produces}
    return initial | {
        "name": saved.agent.name,
        "description": saved.agent.description,
        "aop": drafts.current(saved.agent, (draft or saved.revision).aop),
        "may_ask": saved.agent.may_ask,
        "revision": draft.based_on if draft else saved.revision.number,
        "draft": draft.pk if draft else "",
    }
