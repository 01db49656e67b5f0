"""The pages that import cases from a table: paste or upload, preview, and result."""

from functools import wraps
from typing import Any, cast
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from cases.models import CaseUpload, Queue, UploadRow
from cases.queues import labels
from cases.tables.table_files import FILE_LIMIT
from cases.work.access import queue_or_404, upload_or_404
from data.errors import Refused
from teams.access.permissions import OPERATOR, TeamRequest, team_page
from web.format import spreadsheets
from web.forms.refusals import show_refusal
from web.http.partials import render_page

from . import importing, uploads
from .agent_forms import BoundedUpload
from .columns import letters, unnamed
from .forms import FileForm, PasteForm, ReadingForm

_SHOWN_FLAWS = 50
_SHOWN_ROWS = 3
_SHOWN_SHORT = 8
_RECENT = 5
_NAMES_AMONG = 100
_PASTED = "Pasted text"


class BoundedTable(BoundedUpload):
    limit = FILE_LIMIT


@csrf_protect
@require_http_methods(["GET", "POST"])
@team_page(post=OPERATOR, get=OPERATOR)
def _cases_upload(request: TeamRequest, id: UUID) -> HttpResponse:
    queue = queue_or_404(request.team, id)
    sent = request.method == "POST"
    form = FileForm(request.POST if sent else None, request.FILES if sent else None)
    if sent and cast(BoundedTable, request.upload_handlers[0]).exceeded:
        form.add_error("file", "This file has more than 20 MB. Import it in parts.")
    elif form.is_valid():
        file = form.cleaned_data["file"]
        if upload := _kept(request, form, queue, name=file.name or "Table", content=file.read()):
            return redirect("case_import", upload.pk)
    return _add_page(request, queue, form, "upload")


@csrf_exempt  # the check reads what was sent, so `_cases_upload` makes it, after the bounds are set
@wraps(_cases_upload)
def cases_upload(request: HttpRequest, id: UUID) -> HttpResponseBase:
    request.upload_handlers.insert(0, BoundedTable(request))
    return _cases_upload(cast(TeamRequest, request), id)


@require_http_methods(["GET", "POST"])
@team_page(post=OPERATOR, get=OPERATOR)
def cases_paste(request: TeamRequest, id: UUID) -> HttpResponse:
    queue = queue_or_404(request.team, id)
    form = PasteForm(request.POST or None)
    if form.is_valid():
        said = form.cleaned_data
        if upload := _kept(request, form, queue, name=_PASTED, content=said["text"].encode(), kind=said["form"]):
            return redirect("case_import", upload.pk)
    return _add_page(request, queue, form, "paste")


def _kept(
    request: TeamRequest, form: FileForm | PasteForm, queue: Queue, *, name: str, content: bytes, kind: str = "file"
) -> CaseUpload | None:
    """Store the upload. Return None, with the reason among the form's errors, if no table can be read from it."""
    try:
        return uploads.store_upload(queue, request.user, name, content, kind)
    except Refused as refusal:
        show_refusal(form, Refused(refusal.message, fields={"file": refusal.message}), getattr(form, "names", None))
        return None


def _add_page(request: TeamRequest, queue: Queue, form: forms.Form, way: str) -> HttpResponse:
    recent = CaseUpload.objects.filter(team=request.team, queue=queue).exclude(started_at=None)
    recent = recent.select_related("user").defer("content")
    context = {"queue": queue, "form": form, "way": way, "recent": recent.order_by("-started_at")[:_RECENT]}
    return render(request, "cases/add_cases.html", context, status=422 if form.errors else 200)


# --- Looking at it ---------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@team_page(post=OPERATOR, get=OPERATOR)
def case_import(request: TeamRequest, id: UUID) -> HttpResponse:
    upload = upload_or_404(request.team, id)
    if upload.status != CaseUpload.Status.READY:
        counts = importing.outcome(upload)
        settled = sum(counts.values()) - counts["waiting"]
        made = upload.rows.exclude(case=None).select_related("case").defer("cells", "case__data", "case__detail")
        context: dict[str, Any] = {
            "upload": upload,
            "watched": f"upload:{upload.pk}",
            "counts": counts,
            "total": sum(counts.values()),
            "settled": settled,
            "made": made[:10],
            "failed": upload.rows.filter(state=UploadRow.State.FAILED).defer("cells")[:_SHOWN_FLAWS],
        }
        return render_page(request, "cases/import_outcome.html", context, parts=["outcome"])
    form = _reading_form(upload, request.POST or None)
    if form.is_valid():
        try:
            if form.reads_otherwise:
                uploads.read_again(upload, **form.reading)
            else:
                uploads.choose_roles(upload, form.roles)
                if request.POST.get("act") == "import":
                    return _start(upload, form)
            form = _reading_form(upload)
        except Refused as refusal:
            upload.refresh_from_db()
            form.add_error(None, refusal.message)
    return _look(request, upload, form)


def _reading_form(upload: CaseUpload, data: Any = None) -> ReadingForm:
    """Any of the first rows can hold the names, and the one that does now."""
    first = list(upload.rows.all()[:_NAMES_AMONG])
    if upload.names_row and upload.names_row not in [row.number for row in first]:
        first += upload.rows.filter(number=upload.names_row)
    names = list(uploads.columns_of(upload).names)
    return ReadingForm(data, upload=upload, names=names, first=first)


def _start(upload: CaseUpload, form: ReadingForm) -> HttpResponse:
    said = form.cleaned_data
    importing.start(upload, skip_flawed=said["skip_flawed"], again=said["again"])
    importing.process(upload.pk, importing.AT_ONCE_SECONDS)
    return redirect("case_import", upload.pk)


def _look(request: TeamRequest, upload: CaseUpload, form: ReadingForm) -> HttpResponse:
    ahead = uploads.preview(upload)
    rows = list(upload.rows.filter(state=UploadRow.State.WAITING)[:_SHOWN_ROWS])
    roles = [name for name in form.fields if name.startswith("role-")]
    context = {
        "upload": upload,
        "form": form,
        "columns": [
            {"field": form[name], "letter": letters(at), "cells": [row.cells[at : at + 1] for row in rows]}
            for at, name in enumerate(roles)
            if at in ahead.filled or form[name].label != unnamed(at)
        ],
        "short": ", ".join(f"{number:,}" for number in ahead.short[:_SHOWN_SHORT]),
        "ahead": ahead,
        "fitting": ahead.total - len(ahead.flawed),
        "flaws": ahead.flaws[:_SHOWN_FLAWS],
        "before": uploads.imported_before(upload),
        "label_colours": labels.colours(request.team),
    }
    return render(request, "cases/import_look.html", context, status=422 if form.errors else 200)


# --- What became of it -----------------------------------------------------------------------


@require_POST
@team_page(post=OPERATOR)
def case_import_stop(request: TeamRequest, id: UUID) -> HttpResponse:
    upload = upload_or_404(request.team, id)
    importing.stop(upload)
    if upload.status == CaseUpload.Status.READY:
        messages.success(request, f"{upload.name} was not imported.")
        return redirect("queue", upload.queue_id)
    return redirect("case_import", upload.pk)


@require_GET
@team_page(get=OPERATOR)
def case_import_rows(request: TeamRequest, id: UUID) -> HttpResponse:
    """Download the rows that failed or would fail, unchanged, each with the reason."""
    upload = upload_or_404(request.team, id)
    names = uploads.columns_of(upload).names
    if upload.status == CaseUpload.Status.READY:
        flawed = uploads.preview(upload, samples=0).flawed
        rows = [(row, flawed[row.pk]) for row in upload.rows.filter(pk__in=flawed)]
    else:
        rows = [(row, row.text) for row in upload.rows.filter(state=UploadRow.State.FAILED)]
    table: list[list[Any]] = [[*names, "Row", "What is wrong"]]
    for row, words in rows:
        table.append([*row.cells, *[None] * (len(names) - len(row.cells)), row.number, words])
    content = spreadsheets.MARK + spreadsheets.lines(table)
    response = HttpResponse(content, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="rows-with-errors.csv"'
    return response
