"""The pages of mailboxes, and the messages of a case on its page."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from cases.models import CaseMessage
from cases.work.access import case_or_404
from channels.mailboxes import mailbox_sources, polling
from channels.models import Source
from channels.sources.sources import source_or_404
from data.errors import Refused
from teams.access.permissions import ADMINISTRATOR, OPERATOR, TeamRequest, team_page
from web.forms.refusals import tell
from web.forms.stale import saved_in_turn

from . import originals, replies
from .forms import MailboxForm, ReplyForm

_SHOWN = 100


@require_GET
@team_page
def case_messages(request: TeamRequest, id: UUID) -> HttpResponse:
    return _messages(request, id, ReplyForm())


@require_POST
@team_page(post=OPERATOR)
def case_reply(request: TeamRequest, id: UUID) -> HttpResponseBase:
    case, form = case_or_404(request.team, id), ReplyForm(request.POST)
    if form.is_valid():
        try:
            sent = replies.reply(case, form.cleaned_data["text"], request.actor)
        except Refused as refusal:
            form.add_error("text", refusal.message)
        else:
            messages.success(request, f"Your message to {sent.recipient} is on its way.")
            return redirect("case", id)
    return _messages(request, id, form, status=422)


def _messages(request: TeamRequest, id: UUID, form: ReplyForm, status: int = 200) -> HttpResponse:
    case = case_or_404(request.team, id)
    rows = case.messages.select_related("agent").order_by("-at", "-pk")[:_SHOWN]
    context = {
        "case": case,
        "rows": list(rows)[::-1],
        "opening": case.messages.order_by("at", "pk").values_list("pk", flat=True).first(),
        "customer": replies.customer_of(case),
        "is_set_up": replies.is_set_up(),
        "form": form,
        "watched": f"case:{case.pk}",
    }
    is_part = "HX-Request" in request.headers or not form.is_bound
    template = "channels/messages.html#messages" if is_part else "channels/messages.html"
    return render(request, template, context, status=status)


@require_POST
@team_page(post=OPERATOR)
def message_send_again(request: TeamRequest, id: UUID) -> HttpResponseBase:
    message = get_object_or_404(CaseMessage, team=request.team, pk=id, case__deleted_at=None)
    words = f"The message to {message.recipient} is on its way again."
    tell(request, lambda: replies.send_again(message, request.actor), words)
    return redirect("case", message.case_id)


@require_GET
@team_page
def message_original(request: TeamRequest, id: UUID) -> HttpResponse:
    message = get_object_or_404(CaseMessage, team=request.team, pk=id, case__deleted_at=None)
    if not message.original:
        raise Http404
    return originals.download(message.original, str(message.pk))


@require_http_methods(["GET", "POST"])
@team_page(post=ADMINISTRATOR, get=ADMINISTRATOR, asks_again=True)
def mailbox_new(request: TeamRequest) -> HttpResponseBase:
    form = MailboxForm(request.team, request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            source = mailbox_sources.create_mailbox(request.team, form.mailbox())
        except Refused as refusal:
            form.show(refusal)
        else:
            return redirect("source", source.pk)
    return render(request, "channels/mailbox_form.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@saved_in_turn
@team_page(post=ADMINISTRATOR, get=ADMINISTRATOR, asks_again=True)
def mailbox_edit(request: TeamRequest, id: UUID) -> HttpResponseBase:
    source = _mailbox_or_404(request, id)
    form = MailboxForm(request.team, request.POST if request.method == "POST" else None, source=source)
    if form.is_bound and form.is_valid():
        try:
            mailbox_sources.change_mailbox(source, form.mailbox())
        except Refused as refusal:
            form.show(refusal)
        else:
            return redirect("source", id)
    context = {"form": form, "source": source}
    return render(request, "channels/mailbox_form.html", context, status=422 if form.errors else 200)


@require_POST
@team_page(post=ADMINISTRATOR)
def mailbox_look(request: TeamRequest, id: UUID) -> HttpResponseBase:
    polling.look_soon(_mailbox_or_404(request, id))
    messages.success(request, "Baton looks at the mailbox now.")
    return redirect("source", id)


def _mailbox_or_404(request: TeamRequest, id: UUID) -> Source:
    source = source_or_404(request.team, id)
    if source.kind != Source.Kind.IMAP:
        raise Http404
    return source
