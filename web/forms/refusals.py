"""Refusals that many verbs and forms have in common."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from django import forms
from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import HttpRequest

from data.errors import Refused


def tell(request: HttpRequest, act: Callable[[], object], done: str = "", undo: str = "") -> None:
    """Act, for a button that has no form to show again, and say on the next page that it is done or why it is not.

    `undo`: the address that undoes it.
    """
    try:
        act()
    except Refused as refusal:
        messages.error(request, refusal.message)
    else:
        if done:
            messages.success(request, done, extra_tags=undo)


def show_refusal(form: forms.Form, refusal: Refused, names: Mapping[str, str] | None = None) -> None:
    """Put what a verb refused beside the fields it is about; `names` are fields that the form calls otherwise.

    What is about a part, such as `data.email`, stands at its field.
    """
    for name, message in (refusal.fields or {"": refusal.message}).items():
        whole, _, part = name.partition(".")
        field = (names or {}).get(whole, whole)
        form.add_error(field if field in form.fields else None, f"{part}: {message}" if part else message)


@contextmanager
def refusing_a_taken_name(constraint: str, what: str, name: str) -> Iterator[None]:
    """Around a save: Refused, at the field `name`, where that constraint keeps names unique. `what`: "An agent"."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        if constraint not in str(error):
            raise
        message = f"{what} called “{name}” already exists. Choose another name."
        raise Refused(message, "name_taken", {"name": message}) from error
