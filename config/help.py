"""The help of the product: the pages of docs/, and the reference generated from the code."""

from functools import cache

from django.http import Http404, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from teams.access.permissions import TeamRequest, team_page
from web import help

from . import reference


@require_GET
@team_page
def help_page(request: TeamRequest, name: str = help.FIRST) -> HttpResponseBase:
    if name not in help.names():
        raise Http404
    context = {"page": drawn(name), "name": name, "contents": help.contents(), "first": help.FIRST}
    return render(request, "web/help.html", context)


@cache
def drawn(name: str) -> help.HelpPage:
    written = reference.PAGES.get(f"{name}.md")
    text = written() if written else help.with_snippets((help.DOCS / f"{name}.md").read_text())
    return help.draw(name, text)
