"""What the pages that create and change a source of any kind have in common."""

from collections.abc import Callable
from typing import Any, Protocol

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render

from channels.models import Source
from data.errors import Refused


class ShowingForm(Protocol):
    """A form that puts what was refused at its fields."""

    is_bound: bool

    @property
    def errors(self) -> Any: ...

    def is_valid(self) -> bool: ...

    def show(self, refusal: Refused) -> None: ...


def form_page(
    request: HttpRequest,
    template: str,
    form: ShowingForm,
    save: Callable[[], Source | None],
    source: Source | None = None,
) -> HttpResponseBase:
    """Save what was sent and lead to the source, which `save` returns if it is new. Else show the form, with what is
    wrong in it.
    """
    if form.is_bound and form.is_valid():
        try:
            saved = save() or source
        except Refused as refusal:
            form.show(refusal)
        else:
            assert saved
            return redirect("source", saved.pk)
    return render(request, template, {"form": form, "source": source}, status=422 if form.errors else 200)
