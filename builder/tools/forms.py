"""What people fill in about MCP servers, and what they choose among their tools."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import QueryDict

from builder.history.differences import Piece, compare
from builder.models import ServerTool, ToolServer
from data.errors import Refused
from data.secrets import Unreadable, seal, unseal
from teams.settings.forms import AddressField
from web.forms.refusals import show_refusal
from web.forms.stale import SharedForm

from .listings import Listing
from .server_tools import Choice, fingerprint, suggested
from .servers import BEARER, Credential, bearer, check_credential


class ToolServerForm(SharedForm):
    apart = frozenset({"secret", "sealed", "forget"})

    name = forms.CharField(
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autofocus": True, "placeholder": "Billing system"}),
    )
    url = AddressField(
        label="Address",
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "placeholder": "https://tools.example.com/mcp", "inputmode": "url"}
        ),
        help_text="Of an MCP server that speaks streamable HTTP.",
    )
    secret = forms.CharField(
        label="Credential",
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="Sent with every request, as a bearer token. It is stored encrypted and never shown again.",
    )
    header = forms.CharField(
        label="Header",
        max_length=100,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "placeholder": "X-Api-Key", "spellcheck": "false"}),
        help_text="Only if the server expects its credential in a custom header.",
    )
    # Carries the credential from one step to the next, for the same address only.
    sealed = forms.CharField(required=False, widget=forms.HiddenInput)
    forget = forms.BooleanField(label="Stop sending a credential", required=False)

    def __init__(self, data: Any = None, *, server: ToolServer | None = None) -> None:
        initial: dict[str, Any] = {}
        if server:
            header = "" if server.header == BEARER else server.header
            initial = {"name": server.name, "url": server.url, "header": header}
        super().__init__(data, initial=initial)
        self.server = server
        if server and server.header:
            self.fields["secret"].help_text = "A credential is saved. Leave empty to keep it."
        else:
            del self.fields["forget"]
        if server:
            self.merge()

    def credential(self) -> Credential | None:
        """As typed, or typed one step before. None to keep what the server has. Refused, at its field."""
        header, secret = self.cleaned_data["header"].strip(), self.cleaned_data["secret"]
        if secret:
            return check_credential(header, secret) if header else bearer(secret)
        if self.cleaned_data.get("forget"):
            return Credential()
        if self.cleaned_data["sealed"]:
            return self._unsealed()
        if self.server and self.server.header:
            return None
        if header:
            message = "Enter the credential for this header."
            raise Refused(message, "invalid", {"secret": message})
        return Credential()

    def seal(self, credential: Credential) -> str:
        told = [self.cleaned_data["url"].strip(), credential.header, credential.value]
        return seal(json.dumps(told)) if credential.header else ""

    def _unsealed(self) -> Credential:
        try:
            url, header, value = json.loads(unseal(self.cleaned_data["sealed"]))
        except (Unreadable, ValueError):
            url, header, value = "", "", ""
        if url != self.cleaned_data["url"].strip():
            message = "Enter the credential again."
            raise Refused(message, "invalid", {"secret": message})
        return Credential(header, value)

    def show(self, refusal: Refused) -> None:
        show_refusal(self, refusal, {"credential": "secret"})


@dataclass(frozen=True)
class ToolRow:
    """A tool with what is chosen of it. `seen` goes back with the form: what the person has read."""

    name: str
    title: str
    description: str
    schema: str
    seen: str
    choice: Choice
    claim: str = ""
    tool: ServerTool | None = None

    @property
    def marks(self) -> list[tuple[str, str]]:
        return list(ServerTool.Mark.choices)


@dataclass(frozen=True)
class ChangedTool:
    """A tool whose description has changed on its server since someone reviewed it."""

    tool: ServerTool
    seen: str
    description: list[Piece]
    schema: list[Piece]

    @property
    def is_only_described(self) -> bool:
        """Its arguments are as they were."""
        return bool(self.tool.input_schema == self.tool.found["input_schema"])

    @property
    def is_restless(self) -> bool:
        """Its server describes it differently each time it is asked."""
        return self.tool.description_changes > 1


def offered_rows(listing: Listing, chosen: dict[str, Choice] | None = None) -> list[ToolRow]:
    """Of a server that is not saved yet."""
    rows = []
    for tool in listing.tools:
        advice = suggested(tool)
        claim = ServerTool.Mark(advice.mark).label if advice.mark != ServerTool.Mark.EFFECTS else ""
        choice = (chosen or {}).get(tool.name, advice)
        seen = fingerprint(tool.description, tool.input_schema)
        schema = pretty(tool.input_schema)
        rows.append(ToolRow(tool.name, tool.title, tool.description, schema, seen, choice, claim))
    return rows


def saved_rows(tools: Iterable[ServerTool]) -> list[ToolRow]:
    return [
        ToolRow(
            tool.name,
            tool.title,
            tool.description,
            pretty(tool.input_schema),
            fingerprint(tool.description, tool.input_schema),
            Choice(tool.is_on, tool.mark, tool.asks_first),
            tool=tool,
        )
        for tool in tools
    ]


def changed_tools(tools: Iterable[ServerTool]) -> list[ChangedTool]:
    return [
        ChangedTool(
            tool,
            fingerprint(**tool.found),
            compare(tool.description, tool.found["description"]),
            compare(pretty(tool.input_schema), pretty(tool.found["input_schema"])),
        )
        for tool in tools
        if tool.found is not None
    ]


def pretty(schema: Any) -> str:
    return json.dumps(schema, indent=2, ensure_ascii=False)


def choices_of(data: QueryDict) -> dict[str, Choice]:
    """What the rows of tools say, as sent: `tool` ("seen name") and `mark` of each, `on` and `asks` of the ticked."""
    told = [value.partition(" ") for value in data.getlist("tool")]
    marks = data.getlist("mark")
    if len(marks) != len(told):
        raise Refused("This form was not sent whole. Please try again.", "invalid")
    on, asks = set(data.getlist("on")), set(data.getlist("asks"))
    return {
        name: Choice("all" in data or name in on, mark, name in asks, seen)
        for (seen, _, name), mark in zip(told, marks, strict=True)
    }
