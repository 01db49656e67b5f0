"""The shapes of sources in the API."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest
from django.urls import reverse
from pydantic import BaseModel, Field

from channels.email.email_settings import EmailSettings
from channels.forms.form_settings import MOST_FILES, Asks, FormSettings, Shares
from channels.forms.questions import unaskable
from channels.mailboxes.mailbox_settings import MailboxSettings
from channels.models import Arrival, Source
from teams.keys.api import RequestBody, example
from teams.keys.fields import Length, Name
from web.http.links import link_to

from .mapping import ROLES

RoleName = Annotated[str, Field(json_schema_extra={"enum": list(dict(ROLES))})]
Mapping = Annotated[
    dict[Annotated[str, Length(200, 1)], RoleName],
    Field(
        max_length=100,
        description="Roles by the way of a field in the message, as `ticket.subject`. Other fields get theirs by their"
        " names.",
    ),
]
Secret = Annotated[
    Annotated[str, Length(200)] | None,
    Field(description="Written, never read. Left out: one is created and shown once, or the present one stays."),
]


Line = Annotated[str, Length(320)]
OneOrNone = Annotated[Annotated[str, Length(10_000)] | None, Field(description="Written, never read.")]


class SettingsIn(RequestBody):
    """What is left out stays as it is. `auth`, `mapping` and `secret` are a hook's. A mailbox has `host`, `user`, and a
    `password`, a `token` (XOAUTH2) that you renew, or what Baton needs to get tokens: `token_url`, `client_id`,
    `client_secret`, `refresh_token` (without one the application signs in as itself) and `scope`. `address`, `closed`,
    `per_hour`, `take` and `verified_by` say how either takes emails in.
    """

    auth: Source.Auth | None = None
    mapping: Mapping | None = None
    secret: Secret = None
    host: Line | None = None
    port: Annotated[int | None, Field(ge=1, le=65535)] = None
    tls: Literal["implicit", "starttls", "none"] | None = None
    user: Line | None = None
    password: OneOrNone = None
    token: OneOrNone = None
    token_url: Annotated[str | None, Field(max_length=2000, description="Where access tokens are asked for.")] = None
    client_id: Annotated[str, Length(500)] | None = None
    client_secret: OneOrNone = None
    refresh_token: OneOrNone = None
    scope: Annotated[str, Length(1000)] | None = None
    folder: Line | None = None
    after: Annotated[
        Literal["seen", "move", "delete", "leave"] | None,
        Field(description="What is done with emails that were taken in."),
    ] = None
    move_to: Line | None = None
    address: Annotated[Line | None, Field(description="Answers come from it, and to it.")] = None
    closed: Annotated[Literal["reopen", "new"] | None, Field(description="What an answer to a closed case does.")] = (
        None
    )
    per_hour: Annotated[
        int | None, Field(ge=1, le=1000, description="Emails of a sender, or what comes from a network with a form.")
    ] = None
    take: Annotated[
        list[Literal["automatic", "lists"]] | None, Field(max_length=2, description="What makes cases too.")
    ] = None

    verified_by: Annotated[
        Line | None,
        Field(
            description="The server whose header Authentication-Results is believed, by its name in it (`topmost`: the"
            " first header). Members can then answer agents by replying to emails. `off`: they cannot."
        ),
    ] = None

    intro: Annotated[Annotated[str, Length(2000)] | None, Field(description="Of a form: above its fields.")] = None
    ask_email: Annotated[Asks | None, Field(description="Of a form: the customer's address.")] = None
    confirm: Annotated[bool | None, Field(description="Of a form: whether it is confirmed by email.")] = None
    files: Annotated[int | None, Field(ge=0, le=MOST_FILES, description="Of a form: how many may be attached.")] = None
    fields: Annotated[
        dict[Annotated[str, Length(200, 1)], Asks] | None,
        Field(max_length=110, description="Of a form: what is asked otherwise than its queue and agents have it."),
    ] = None
    per_hour_in_all: Annotated[int | None, Field(ge=1, le=10_000, description="Of a form.")] = None
    origins: Annotated[
        list[Line] | None, Field(max_length=20, description="Of a form: websites that may show it in a frame.")
    ] = None
    proof_of_work: Annotated[bool | None, Field(description="Of a form: browsers work before they send.")] = None
    shares: Annotated[
        list[Shares] | None, Field(max_length=2, description="Of a form: what customers see of their case.")
    ] = None

    def said(self, *names: str) -> dict[str, Any]:
        return {name: value for name, value in self if name in names and value is not None}

    @property
    def mailbox_secrets(self) -> dict[str, str]:
        return {
            "secret": self.password or self.token or "",
            "refresh_token": self.refresh_token or "",
            "client_secret": self.client_secret or "",
        }

    @property
    def form(self) -> dict[str, Any]:
        return self.said(*FormSettings.model_fields)

    @property
    def email(self) -> dict[str, Any]:
        return self.said("address", "closed", "per_hour", "take", "verified_by")

    @property
    def mailbox(self) -> dict[str, Any]:
        sign_in = "xoauth2" if self.token else "password" if self.password else ""
        sign_in = "oauth" if self.refresh_token or self.client_secret else sign_in
        names = ("host", "port", "tls", "user", "folder", "after", "move_to", "token_url", "client_id", "scope")
        found = self.said(*names) | self.email | ({"sign_in": sign_in} if sign_in else {})
        return {"tls": "starttls", **found} if self.port == 143 else found


class SourceIn(RequestBody):
    model_config = example(
        queue_id="01a22f81-7a13-7205-847f-664300a54638",
        name="Shop",
        settings={"auth": "bearer", "mapping": {"order.subject": "title"}},
    )

    queue_id: UUID
    kind: Source.Kind = Source.Kind.HOOK
    name: Name
    settings: SettingsIn = SettingsIn()


class SourceChanges(RequestBody):
    """What is left out stays as it is."""

    queue_id: UUID | None = None
    name: Name | None = None
    paused: Annotated[bool | None, Field(description="While paused it answers 503, and senders try again.")] = None
    settings: SettingsIn = SettingsIn()


class HookSettings(EmailSettings):
    auth: Source.Auth
    mapping: dict[str, RoleName]


class SourceOut(BaseModel):
    id: UUID
    queue_id: UUID
    kind: Source.Kind
    name: str
    url: Annotated[str | None, Field(description="Of a hook: where to send messages. Of a form: its page.")]
    paused: bool
    settings: HookSettings | MailboxSettings | FormSettings
    last_received_at: datetime | None
    problems: Annotated[list[str], Field(description="Why it makes no cases now, in sentences.")]
    created_at: datetime


class NewSource(SourceOut):
    secret: Annotated[str | None, Field(description="Of a hook. Cannot be read again.")]


class FetchedFile(BaseModel):
    url: str
    state: Literal["waiting", "attached", "failed"]
    error: str


class ArrivalOut(BaseModel):
    id: UUID
    source_id: UUID
    at: datetime
    message_id: str | None
    status: Arrival.Status
    error: str | None
    case_id: UUID | None
    files: Annotated[list[FetchedFile], Field(description="Files that it names by URL, and what became of them.")]


def source_fields(source: Source, request: HttpRequest) -> dict[str, object]:
    return {
        "id": source.pk,
        "queue_id": source.queue_id,
        "kind": source.kind,
        "name": source.name,
        "url": source_address(source, request),
        "paused": source.is_paused,
        "settings": source.settings,
        "last_received_at": source.last_received_at,
        "problems": source_problems(source),
        "created_at": source.created_at,
    }


def source_address(source: Source, request: HttpRequest) -> str | None:
    """Where a hook or a form is reached from outside."""
    names = {Source.Kind.HOOK: "hook", Source.Kind.FORM: "public_form"}
    name = names.get(Source.Kind(source.kind))
    return link_to(reverse(name, args=[source.token]), request) if name else None


def source_problems(source: Source) -> list[str]:
    """Return why the source makes no cases now."""
    found = ["It is paused."] if source.is_paused else []
    if source.queue.deleted_at:
        found.append(f"The queue {source.queue.name} has been deleted.")
    elif source.kind == Source.Kind.FORM and (missing := unaskable(source.queue)):
        names = ", ".join(f"“{name}”" for name in missing)
        found.append(f"The schema of {source.queue.name} requires {names}, which a form cannot ask for.")
    if problem := source.state.get("problem"):
        found.append(problem)
    refused = source.arrivals.filter(status=Arrival.Status.REFUSED).count()
    if refused:
        found.append(f"{refused:,} message{'' if refused == 1 else 's'} made no case. Fix the fields and replay.")
    if waiting := source.arrivals.filter(status=Arrival.Status.WAITING).count():
        found.append(
            f"{waiting:,} email{'' if waiting == 1 else 's'} wait: their senders sent too many within an hour."
        )
    return found


def arrival_out(arrival: Arrival) -> ArrivalOut:
    return ArrivalOut(
        id=arrival.pk,
        source_id=arrival.source_id,
        at=arrival.at,
        message_id=arrival.message_id or None,
        status=Arrival.Status(arrival.status),
        error=arrival.error or None,
        case_id=arrival.case_id,
        files=[FetchedFile(**file) for file in arrival.files],
    )
