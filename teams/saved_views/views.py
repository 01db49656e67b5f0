"""The pages of saved views: saving, renaming and deleting one. They are opened in the navigation."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_POST

from data.errors import Refused
from teams.access.permissions import VIEWER, TeamRequest, team_page
from teams.models import SavedView
from web.forms.refusals import show_refusal
from web.http import toasts

from . import saved_views as verbs
from .forms import SavedViewForm

# What is wrong with these stands above the form.
_UNSEEN = {"list": "", "query": ""}


def view_or_404(request: TeamRequest, id: UUID) -> SavedView:
    return get_object_or_404(verbs.changeable(request.member), pk=id)


@require_http_methods(["GET", "POST"])
@team_page(post=VIEWER)
def saved_view_new(request: TeamRequest) -> HttpResponseBase:
    """The address may have all of it, too: so a deletion is undone."""
    told = {**request.GET.dict(), **request.POST.dict()}
    form = SavedViewForm(request.member, told if request.method == "POST" else None, initial=told)
    if form.is_bound and form.is_valid():
        try:
            row = verbs.save_view(request.member, **form.cleaned_data)
        except Refused as refusal:
            show_refusal(form, refusal, _UNSEEN)
        else:
            messages.success(request, f"“{row.name}” is in the navigation now.")
            return redirect(row)
    return _form(request, form, back=_list_address(told))


def _list_address(told: dict[str, str]) -> str:
    """The list as it is filtered, for who does not want to save it."""
    name = told.get("list", "")
    name = name if name in SavedView.List.values else SavedView.List.CASES
    return f"{reverse(name)}?{verbs.canonical(told.get('query', ''))}"


@require_http_methods(["GET", "POST"])
@team_page(post=VIEWER)
def saved_view_edit(request: TeamRequest, id: UUID) -> HttpResponseBase:
    row = view_or_404(request, id)
    form = SavedViewForm(request.member, request.POST if request.method == "POST" else None, row=row)
    if form.is_bound and form.is_valid():
        try:
            verbs.rename_view(row, form.cleaned_data["name"])
        except Refused as refusal:
            show_refusal(form, refusal, _UNSEEN)
        else:
            messages.success(request, "Saved.")
            return redirect(row)
    return _form(request, form, back=row.get_absolute_url(), row=row)


def _form(request: TeamRequest, form: SavedViewForm, back: str, row: SavedView | None = None) -> HttpResponse:
    context = {"form": form, "row": row, "back": back}
    return render(request, "teams/saved_view_form.html", context, status=422 if form.errors else 200)


@require_POST
@team_page(post=VIEWER)
def saved_view_delete(request: TeamRequest, id: UUID) -> HttpResponseBase:
    row = view_or_404(request, id)
    row.delete()
    about = {"list": row.list, "query": row.query, "name": row.name, "is_shared": "" if row.owner_id else "on"}
    undo = f"{reverse('saved_view_new')}?{urlencode(about)}"
    toasts.say(request, f"The view “{row.name}” has been deleted.", undo)
    return redirect(row)
