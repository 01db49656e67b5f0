"""The views with which people comment on a case, watch it and attach files."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from cases.work.access import attachment_or_404, case_or_404, comment_or_404
from data.errors import Refused
from teams.access.permissions import OPERATOR, VIEWER, TeamRequest, team_page
from web.forms.refusals import tell
from web.http.partials import render_page
from web.http.toasts import say

from . import attachments, comments, previews


@require_POST
@team_page(post=OPERATOR)
def comment_add(request: TeamRequest, id: UUID) -> HttpResponseBase:
    case, text = case_or_404(request.team, id), request.POST.get("text", "")
    try:
        said = comments.comment(case, text, request.user)
    except Refused as refusal:
        context = {"case": case, "text": text, "refused": refusal.message, "members": comments.members_of(request.team)}
        return render(request, "cases/comment.html", context, status=422)
    return redirect(f"{reverse('case', args=[case.pk])}#comment-{said.pk}")


@require_http_methods(["GET", "POST"])
@team_page(post=OPERATOR, get=OPERATOR)
def comment_edit(request: TeamRequest, id: UUID) -> HttpResponseBase:
    said = comment_or_404(request.team, request.user, id)
    text, refused = said.text, ""
    if request.method == "POST":
        text = request.POST.get("text", "")
        try:
            comments.change(said, text, request.user)
            return redirect(f"{reverse('case', args=[said.case_id])}#comment-{said.pk}")
        except Refused as refusal:
            refused = refusal.message
    context = {"case": said.case, "comment": said, "text": text, "refused": refused}
    context["members"] = comments.members_of(request.team)
    return render(request, "cases/comment.html", context, status=422 if refused else 200)


@require_POST
@team_page(post=OPERATOR)
def comment_delete(request: TeamRequest, id: UUID) -> HttpResponseBase:
    said = comment_or_404(request.team, request.user, id)
    comments.delete(said, request.user)
    messages.success(request, "The comment was deleted.")
    return redirect("case", said.case_id)


@require_POST
@team_page(post=VIEWER)
def case_watch(request: TeamRequest, id: UUID) -> HttpResponseBase:
    """Watch a case, or no longer: `watch`, in the form or the address, is 1 or nothing."""
    case = case_or_404(request.team, id)
    address = reverse("case_watch", args=[case.pk])
    if request.POST.get("watch") or request.GET.get("watch"):
        comments.watch(case, request.user)
        say(request, f"You watch #{case.number} now.", address)
    else:
        comments.unwatch(case, request.user)
        say(request, f"You no longer watch #{case.number}.", f"{address}?watch=1")
    return redirect("case", case.pk)


@require_POST
@team_page(post=OPERATOR)
def attachments_add(request: TeamRequest, id: UUID) -> HttpResponseBase:
    case = case_or_404(request.team, id)
    files = request.FILES.getlist("files")
    done = f"{files[0].name} attached." if len(files) == 1 else f"{len(files)} files attached."
    tell(request, lambda: attachments.attach(case, files, request.actor), done)
    return redirect(f"{reverse('case', args=[case.pk])}#attachments")


@require_GET
@team_page
def attachment(request: TeamRequest, id: UUID) -> HttpResponse:
    return attachments.download(attachment_or_404(request.team, id))


@require_GET
@team_page
def attachment_image(request: TeamRequest, id: UUID) -> HttpResponse:
    return previews.image(attachment_or_404(request.team, id))


@require_GET
@team_page
def attachment_preview(request: TeamRequest, id: UUID) -> HttpResponse:
    row = attachment_or_404(request.team, id)
    kind = previews.kind_of(row)
    text, is_cut = previews.beginning(row) if kind == "text" else ("", False)
    context = {"attachment": row, "kind": kind, "text": text, "is_cut": is_cut}
    return render_page(request, "cases/attachment_preview.html", context, parts=["preview-body"])


@require_http_methods(["GET", "POST"])
@team_page(post=OPERATOR, get=OPERATOR)
def attachment_delete(request: TeamRequest, id: UUID) -> HttpResponseBase:
    row = attachment_or_404(request.team, id)
    if request.method == "GET":
        return render(request, "cases/attachment_delete.html", {"attachment": row})
    attachments.detach(row, request.actor)
    messages.success(request, f"{row.name} was deleted.")
    return redirect(f"{reverse('case', args=[row.case_id])}#attachments")
