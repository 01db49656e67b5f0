"""Saved views in the navigation, and what saves the list that is shown as one."""

from typing import Any

from django import template
from django.template import RequestContext
from django.urls import reverse

from teams.saved_views import saved_views as verbs

register = template.Library()


@register.inclusion_tag("teams/saved_views.html", takes_context=True)
def saved_views(context: RequestContext, list: str) -> dict[str, Any]:
    """The member's views of a list, below its line in the navigation. They are read once for a page."""
    request = context["request"]
    if not hasattr(request, "saved_views"):
        request.saved_views = verbs.by_list(request.member)
    shown = verbs.canonical(request.GET.urlencode()) if request.path == reverse(list) else None
    rows = request.saved_views.get(list, [])
    return {"views": [(row, row.get_absolute_url(), row.query == shown) for row in rows]}


@register.inclusion_tag("teams/save_view.html", takes_context=True)
def save_view(context: RequestContext, list: str) -> dict[str, Any]:
    """Return the controls that save the filtered list as a view, or change the view that it shows. Nothing beside a
    list that is not.
    """
    request = context["request"]
    query = verbs.canonical(request.GET.urlencode())
    row = verbs.changeable(request.member).filter(list=list, query=query).first() if query else None
    return {"csrf_token": context.get("csrf_token"), "list": list, "query": query, "row": row}
