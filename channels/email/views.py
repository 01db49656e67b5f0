"""The pages of mailboxes, and the messages of a case on its page."""

from collections.abc import Sequence
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from cases.collaboration import attachments
from cases.models import Attachment, CaseMessage
from cases.work.access import case_or_404
from channels.mailboxes import mailbox_sources, polling
from channels.models import Source
from channels.sources.form_pages import form_page
from channels.sources.sources import source_or_404
from data.errors import Refused
from teams.access.permissions import ADMINISTRATOR, OPERATOR, TeamRequest, team_page
from web.forms.refusals import tell
from web.forms.stale import saved_in_turn

from . import originals, replies
from .forms import MailboxForm, ReplyForm

_SHOWN = 100
_PAGE = "channels/mailbox_form.html"


@require_GET
@team_page
def case_messages(request: TeamRequest, id: UUID) -> HttpResponse:
    return _messages(request, id, ReplyForm(case_or_404(request.team, id)))


@require_POST
@team_page(post=OPERATOR)
def case_reply(request: TeamRequest, id: UUID) -> HttpResponseBase:
    case = case_or_404(request.team, id)
    form = ReplyForm(case, request.POST)
    if form.is_valid():
        said, uploads = form.cleaned_data, request.FILES.getlist("files")
        added: list[Attachment] = []
        try:
            replies.check(case, said["text"])
            added = attachments.attach(case, uploads, request.actor) if uploads else []
            sent = replies.reply(case, said["text"], request.actor, [*said["send"], *(file.pk for file in added)])
        except Refused as refusal:
            # What was uploaded is a file of the case now, and still chosen.
            form = ReplyForm(case, _with_chosen(request.POST, added))
            form.is_valid()
            form.add_error("text", refusal.message)
        else:
            messages.success(request, f"Your message to {sent.recipient} is on its way.")
            return redirect("case", id)
    return _messages(request, id, form, status=422)


def _with_chosen(posted: QueryDict, added: Sequence[Attachment]) -> QueryDict:
    data = posted.copy()
    data.setlist("send", [*posted.getlist("send"), *(str(file.pk) for file in added)])
    return data


def _messages(request: TeamRequest, id: UUID, form: ReplyForm, status: int = 200) -> HttpResponse:
    case = case_or_404(request.team, id)
    rows = list(case.messages.select_related("agent").order_by("-at", "-pk")[:_SHOWN])[::-1]
    sent = Attachment.objects.filter(case=case).in_bulk([id for row in rows for id in row.files])
    context = {
        "case": case,
        "rows": [(row, [sent[UUID(id)] for id in row.files if UUID(id) in sent]) for row in rows],
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
    return form_page(request, _PAGE, form, lambda: mailbox_sources.create_mailbox(request.team, form.mailbox()))


@require_http_methods(["GET", "POST"])
@saved_in_turn
@team_page(post=ADMINISTRATOR, get=ADMINISTRATOR, asks_again=True)
def mailbox_edit(request: TeamRequest, id: UUID) -> HttpResponseBase:
    source = _mailbox_or_404(request, id)
    form = MailboxForm(request.team, request.POST if request.method == "POST" else None, source=source)
    return form_page(request, _PAGE, form, lambda: mailbox_sources.change_mailbox(source, form.mailbox()), source)


@require_POST
@team_page(post=ADMINISTRATOR)
def mailbox_look(request: TeamRequest, id: UUID) -> HttpResponseBase:
    polling.look_soon(_mailbox_or_404(request, id).pk)
    messages.success(request, "Baton looks at the mailbox now.")
    return redirect("source", id)


def _mailbox_or_404(request: TeamRequest, id: UUID) -> Source:
    source = source_or_404(request.team, id)
    if source.kind != Source.Kind.IMAP:
        raise Http404
    return source
