"""The public pages of a form: what customers fill in, and how far their case is."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.csp import csp_override
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods

from cases.models import Case, CaseMessage, Status
from channels.email import replies
from channels.models import Source
from data.errors import Refused
from teams.sign_in.attempts import network_of
from web.http.failures import TOO_MUCH
from web.http.links import link_to

from . import tokens
from .form_settings import FormSettings, form_settings
from .public_forms import PublicForm, check_files
from .questions import questions
from .submissions import FILES_LIMIT, Submission, submit

_STATUSES = {"closed": 410, "paused": 503, "too_many": 429}
_TOO_MUCH = "Not sent: this was more than the form can take, and it could not be kept. Shorten it, and send it again."
# The words for a status that customers see reveal nothing of how the team works.
_WORDS = {Status.PENDING: "Received", Status.COMPLETED: "Done", Status.FAILED: "Closed"}


# No cookie goes with it, so that it works in frames of other pages; and there is nothing that a cookie would protect:
# anyone may send it. Its mark says which page was sent.
@csrf_exempt
@require_http_methods(["GET", "POST"])
def public_form(request: HttpRequest, token: str) -> HttpResponse:
    source = Source.objects.present().filter(kind=Source.Kind.FORM, token=token).select_related("queue", "team").first()
    if source is None:
        return _closed(request, 404)
    said = form_settings(source)
    return _framed(request, said, lambda request: _form(request, source, said))


def _form(request: HttpRequest, source: Source, said: FormSettings) -> HttpResponse:
    if source.queue.deleted_at:
        return _closed(request, 410)
    asked = questions(source)
    if request.method != "POST":
        if source.is_paused:
            return _closed(request, 503, "This form is paused. Try again later.")
        return _page(request, source, PublicForm(asked), tokens.new_mark(source))
    try:
        form, files = PublicForm(asked, request.POST), request.FILES.getlist("files")
    except TOO_MUCH:
        return _page(request, source, PublicForm(asked), tokens.new_mark(source), 413, problem=_TOO_MUCH)
    written = request.POST.get("mark", "")
    mark = tokens.read_mark(source, written)
    if mark is None:
        form.add_error(None, "This page was open for too long. Check what you typed, then send it again.")
    if problem := check_files(files, said.files):
        form.add_error(None, problem)
    # The proof comes last, so that browsers do not work for a form that cannot be sent yet.
    if form.is_valid() and said.proof_of_work and not tokens.is_proven(written, request.POST.get("proof", "")):
        form.add_error(None, "Your browser did not finish its check. Send the form again, with JavaScript switched on.")
    if mark is None or not form.is_valid():
        return _page(request, source, form, written if mark else tokens.new_mark(source), 422)
    sent = form.submission(mark, network_of(request), files, f"Message from {source.name}")
    return _sent(request, source, form, written, sent)


def _sent(request: HttpRequest, source: Source, form: PublicForm, mark: str, sent: Submission) -> HttpResponse:
    try:
        case = submit(source, sent, lambda case: link_to(_status_page(source, case), request))
    except Refused as refusal:
        form.show(refusal)
        response = _page(request, source, form, mark, _STATUSES.get(refusal.code, 422))
        if refusal.code in ("paused", "too_many"):
            response["Retry-After"] = "3600"
        return response
    response = redirect(f"{_status_page(source, case)}?sent=1")
    response.status_code = 303
    return response


def _status_page(source: Source, case: Case) -> str:
    return reverse("form_status", args=[tokens.status_token(source, case)])


def _page(
    request: HttpRequest, source: Source, form: PublicForm, mark: str, status: int = 200, *, problem: str = ""
) -> HttpResponse:
    said = form_settings(source)
    context = {
        "source": source,
        "said": said,
        "form": form,
        "mark": mark,
        "bits": tokens.PROOF_BITS if said.proof_of_work else 0,
        "most_bytes": FILES_LIMIT,
        "problem": problem,
        "lost_files": form.is_bound and bool(request.FILES),
    }
    response = render(request, "channels/public_form.html", context, status=status)
    response["Cache-Control"] = "no-store"
    return response


@require_GET
def form_status(request: HttpRequest, token: str) -> HttpResponse:
    """Show what the team shares of a case with the customer who has its link."""
    source, case = _shared(token)
    if source is None or case is None:
        return _closed(request, 404, "There is nothing at this address any more.")
    said = form_settings(source)
    context: dict[str, Any] = {"source": source, "number": case.number, "is_new": "sent" in request.GET}
    context["link"] = link_to(request.path, request)
    if "status" in said.shares:
        context["status"] = _WORDS.get(Status(case.status), "In progress")
    if "answer" in said.shares:
        sent = case.messages.filter(direction="out", status=CaseMessage.Status.SENT)
        sent = sent.exclude(call_id=replies.CONFIRMATION)
        context["answer"] = sent.order_by("-at", "-pk").first()
    return _framed(request, said, lambda request: render(request, "channels/form_status.html", context))


def _shared(token: str) -> tuple[Source | None, Case | None]:
    if (found := tokens.read_status_token(token)) is None:
        return None, None
    source = Source.objects.present().filter(pk=found[0], kind=Source.Kind.FORM).select_related("team").first()
    return source, Case.objects.present().filter(pk=found[1], team=source.team_id).first() if source else None


def _closed(request: HttpRequest, status: int, words: str = "This form is closed.") -> HttpResponse:
    response = render(request, "channels/form_closed.html", {"words": words}, status=status)
    if status == 503:
        response["Retry-After"] = "3600"
    return response


def _framed(request: HttpRequest, said: FormSettings, page: Callable[[HttpRequest], HttpResponse]) -> HttpResponse:
    """Let a page be framed by Baton and by the origins that an administrator listed, and by no other site."""
    policy = {**settings.SECURE_CSP, "frame-ancestors": ["'self'", *said.origins]}
    response = csp_override(policy)(page)(request)
    response["X-Robots-Tag"] = "noindex"
    # Older browsers know only this header, which cannot name other origins.
    if said.origins:
        response.xframe_options_exempt = True
    else:
        response["X-Frame-Options"] = "SAMEORIGIN"
    return response
