"""The form of an agent: everything one saves about it, at once."""

from collections.abc import Mapping
from typing import Any, cast
from uuid import UUID

from django import forms
from django.conf import settings
from django.core.exceptions import NON_FIELD_ERRORS
from django.http import QueryDict

from builder.availability.forms import UnavailableForm
from builder.history import drafts, revisions, told
from builder.history.drafts import Conflict, Known
from builder.history.told import OFFLINE
from builder.models import Agent, Revision
from builder.procedures import mention_search, mentions
from builder.procedures.mention_search import Viewpoint
from builder.procedures.people import find_people
from builder.procedures.targets import Target
from builder.usage import limits
from builder.wiring.doctor import reds
from builder.wiring.doctor_input import Typed, gather
from builder.wiring.findings import Finding
from data.errors import Refused
from data.ids import parse_uuid
from teams.models import Team
from teams.settings.forms import BudgetForm
from web.forms.refusals import show_refusal
from web.forms.stale import SharedForm

from . import agents
from .connection_forms import ConnectionsForm
from .page_head import PROCEDURE, SETUP
from .queries import AgentDetails

PROVIDER = "provider"

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


class AgentForm(SharedForm):
    # The procedure and its models are a revision: see `_merge_revision`.
    apart = frozenset({"aop", "model_kind", "model", "fallback", "note", "revision", "draft"})

    name = forms.CharField(max_length=80, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    description = forms.CharField(
        label="Short description",
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
        error_messages={"required": "Enter the name of a model, such as anthropic:claude-sonnet-5."},
        help_text="provider:name, such as anthropic:claude-sonnet-5. For a server of your own that speaks OpenAI’s"
        " protocol: openai-chat:name.",
        widget=forms.TextInput(attrs={"list": "models", "autocomplete": "off", "spellcheck": "false"}),
    )
    fallback = forms.CharField(
        label="If it fails, continue with",
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
        help_text="It can ask your team a question and wait for the answer.",
    )
    replies_freely = forms.BooleanField(
        label="Writes to customers without approval",
        required=False,
        help_text="Where a queue lets agents write to customers, its messages go out at once, marked as automatic.",
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
        self.connections = ConnectionsForm(data, team=team, saved=saved)
        self.unavailable = UnavailableForm(data, team=team, agent=saved.agent if saved else None)
        self.saved = saved
        self.conflict: Conflict | None = None
        self.breaks: list[Finding] = []  # what stops the form from being saved until someone saves it anyway
        self.choice: revisions.Choice | None = None
        # Whether this tab changed nothing of what the agent is told, so that no revision comes of it.
        self.tells_the_same = False
        if saved:
            self.merge(self.connections, self.budget, self.unavailable)
            self._merge_revision(saved)

    def _merge_revision(self, saved: AgentDetails) -> None:
        """Let fields that this tab left alone take what is live by now. If both changed the text, `drafts` says so."""
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

    def typed(self) -> Typed:
        """Return what the wiring doctor examines, as it stands in the fields."""
        agent = self.saved.agent if self.saved else Agent(team=self.team, name=self["name"].value() or "This agent")
        text = mentions.normalise(self["aop"].value() or "")[: agents.AOP_LIMIT]
        works, feeds = self.connections.ticked("consumes"), self.connections.ticked("produces")
        return Typed(agent, text, works, feeds, self.connections.chosen_tools())

    def mentioned(self) -> list[Target]:
        """Return whom the procedure in the field mentions, judged by the queues that are ticked beside it."""
        of = Viewpoint(self.team, self.saved.agent if self.saved else None, self.connections.ticked("consumes"))
        return mention_search.mentioned(self["aop"].value() or "", of)

    def mentioned_people(self) -> list[dict[str, Any]]:
        """Return the same of members and groups, as the editor takes them."""
        works = bool(self.connections.ticked("consumes"))
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
        parts = {"Queues and tools": self.connections, "Budget": self.budget, "Availability": self.unavailable}
        for name, part in parts.items():
            if not part.is_valid():
                self.add_error(None, f"Not saved. Fix the fields marked in red under {name}.")
        return cleaned

    @property
    def wrong_tabs(self) -> list[str]:
        """Return the tabs with fields to fix, or with a text to choose or a mention to heal."""
        about_procedure = {"aop", "note"} & self.errors.keys() or self.conflict or self.breaks
        parts = (self.connections, self.budget, self.unavailable)
        about_setup = self.errors.keys() - {"aop", "note", NON_FIELD_ERRORS} or any(part.errors for part in parts)
        return [tab for tab, is_wrong in ((PROCEDURE, about_procedure), (SETUP, about_setup)) if is_wrong]

    def is_ready(self) -> bool:
        """Return whether the form is valid and would break no runs. Otherwise `errors` has why."""
        return self.is_valid() and not self._would_break()

    def wanted(self) -> dict[str, Any]:
        """Return what a valid form asks for, as the fields of an `AgentChange`."""
        names = {"name", "description", "may_ask", "replies_freely", "aop", "model", "fallback", "note"}
        if self.tells_the_same:
            names -= {"aop", "model", "fallback", "note"}
        return {
            **{name: self.cleaned_data[name] for name in names},
            **self.connections.wanted(),
            "budget": self.budget.wanted(),
            "when_unavailable": self.unavailable.wanted(),
        }

    def refuse(self, refusal: Refused) -> None:
        """Show what the verb refused. Nothing typed is lost."""
        if isinstance(refusal, Conflict):
            self._take_note(refusal)
        else:
            show_refusal(self, refusal)

    def _would_break(self) -> bool:
        """Return whether runs would break and no one pressed Save anyway. An unknown mention is refused in any case."""
        if "anyway" in self.data:
            return False
        [facts] = gather(self.team, [self.typed()])
        self.breaks = [finding for finding in reds(facts) if finding.code != "unknown_mention"]
        if self.breaks:
            self.add_error(None, f"Not saved. {' '.join(finding.message for finding in self.breaks)}")
        return bool(self.breaks)

    def _take_note(self, conflict: Conflict) -> None:
        """Show what others wrote. Anyone who saves again after this has seen it, and means to replace it."""
        self.conflict = conflict
        self.choice = revisions.choice(conflict.theirs.agent, self.cleaned_data["aop"], conflict.theirs)
        self.add_error(None, f"Not saved. {conflict.message}")
        self.data = self.data.copy()  # type: ignore[attr-defined]
        if conflict.theirs.status == Revision.Status.DRAFT:
            self.data["draft"] = f"{self.data.get('draft', '')} {conflict.theirs.pk}".strip()  # type: ignore[index]
        else:
            self.data["revision"] = str(conflict.theirs.number)  # type: ignore[index]


def model_of(data: Mapping[str, Any]) -> str:
    """Return the model that the form's two fields name."""
    return OFFLINE if data.get("model_kind") == OFFLINE else data.get("model", "")


def fallback_of(data: Mapping[str, Any]) -> str:
    """Return the fallback model; the stand-in does not fail, and has none."""
    return "" if data.get("model_kind") == OFFLINE else str(data.get("fallback", ""))


def known_to(data: Mapping[str, Any]) -> Known | None:
    """Return what the page that sent this had seen; None for a program, which does not say."""
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
    return initial | {
        "name": saved.agent.name,
        "description": saved.agent.description,
        "aop": drafts.current(saved.agent, (draft or saved.revision).aop),
        "may_ask": saved.agent.may_ask,
        "replies_freely": saved.agent.replies_freely,
        "revision": draft.based_on if draft else saved.revision.number,
        "draft": draft.pk if draft else "",
    }
