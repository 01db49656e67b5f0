"""Forms that others may save at the same time: a tab writes what it changed, and nothing else.

A page that is open for an hour holds an hour-old value in every field. Such a form carries what stood in its fields
when it was drawn (`loaded`). When it comes back, a field that still says so was not changed here, so it keeps what is
saved by now; a field that both changed is a clash, and nothing is saved until someone has seen both values.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any, cast

from django import forms
from django.db import transaction
from django.http import HttpRequest, HttpResponseBase, QueryDict

from data import rows
from data.texts.signs import shown

from .messages import PageForm

LOADED, THEIRS = "loaded", "theirs"

type Values = dict[str, list[str]]


def saved_in_turn[**P](page: Callable[P, HttpResponseBase]) -> Callable[P, HttpResponseBase]:
    """A page of a `SharedForm`: what is sent to its address at the same moment is read, merged and saved one by one.

    The lock is the address's, held to the end of the transaction that reads, merges and saves. It comes before any lock
    of a row, so those who save otherwise are in nobody's way. Such a page asks nothing outside.
    """

    @wraps(page)
    def in_turn(*args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        request = cast(HttpRequest, args[0])
        if request.method != "POST":
            return page(*args, **kwargs)
        with transaction.atomic():
            rows.select("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"form {request.path}"])
            return page(*args, **kwargs)

    in_turn.saved_in_turn = True  # type: ignore[attr-defined]
    return in_turn


@dataclass(frozen=True)
class Clash:
    """A field that was saved differently since this tab loaded it. `name` as in the form's data."""

    name: str
    label: str
    mine: str
    theirs: str


class SharedForm(PageForm):
    """Subclasses call `merge()` when their fields are complete, their templates hold components/clashes.html, and their
    pages are `saved_in_turn`.
    """

    loaded = forms.CharField(required=False, widget=forms.HiddenInput)

    # Fields that say how the form is used, or that come back empty by design, such as a password.
    apart: frozenset[str] = frozenset()
    clashes: Sequence[Clash] = ()

    def merge(self, *others: forms.BaseForm) -> None:
        """Merge what this tab sends with what is saved by now. `others` are forms that are drawn within this one.

        A program that sends no `loaded` writes all fields.
        """
        together = (self, *others)
        now = {name: value for form in together for name, value in _untouched(form).items()}
        if not self.is_bound:
            self.initial[LOADED] = json.dumps(now)
            return
        data = cast(QueryDict, self.data).copy()
        if loaded := _read(data.get(LOADED, "")):
            fields = {field.html_name: field for form in together for field in form}
            self.clashes = [clash for name in now if (clash := _merged(fields[name], data, loaded, now[name]))]
            data[LOADED] = json.dumps(now)  # who saves again has seen these
        for form in together:
            form.data = data

    def said(self) -> dict[str, Any]:
        """Return what the own fields of a valid form say."""
        return {name: value for name, value in self.cleaned_data.items() if name != LOADED}

    def full_clean(self) -> None:
        super().full_clean()
        if self.is_bound and self.clashes:
            names = ", ".join(clash.label for clash in self.clashes)
            self.add_error(None, f"Not saved. Someone else changed this since you opened the page: {names}.")


def _merged(field: forms.BoundField, data: QueryDict, loaded: Values, now: list[str]) -> Clash | None:
    """Put into `data` what the field is to be, unless both changed it, each to something else."""
    name = field.html_name
    mine, before = data.getlist(name), loaded.get(name)
    if before is None:  # the page did not have it yet
        data.setlist(name, mine or now)
    elif isinstance(field.field, forms.MultipleChoiceField):
        kept = [item for item in now if item in mine or item not in before]
        data.setlist(name, [*kept, *(item for item in mine if item not in before and item not in kept)])
    elif same(mine, before) or name in data.getlist(THEIRS):
        data.setlist(name, now)
    elif not same(now, before) and not same(mine, now):
        return Clash(name, _label(field), _words(field, mine), _words(field, now))
    return None


def _label(field: forms.BoundField) -> str:
    return str(field.field.widget.attrs.get("aria-label") or field.label)


def _untouched(form: forms.BaseForm) -> Values:
    """Return what a browser would send of each field if nobody touched it."""
    apart: frozenset[str] = getattr(form, "apart", frozenset())
    return {
        field.html_name: _sent(field.field, form.get_initial_for_field(field.field, field.name))
        for field in form
        if field.name != LOADED and field.name not in apart
    }


def _sent(field: forms.Field, value: Any) -> list[str]:
    if isinstance(field, forms.BooleanField):
        return ["on"] if value else []
    if isinstance(field, forms.MultipleChoiceField):
        return [str(item) for item in value or []]
    drawn = field.widget.format_value(field.prepare_value(value))
    drawn = drawn[0] if isinstance(drawn, list) and drawn else drawn
    return ["" if drawn is None or drawn == [] else str(drawn)]


def _read(text: str) -> Values:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    if not isinstance(found, Mapping):
        return {}
    return {str(name): [str(item) for item in value] for name, value in found.items() if isinstance(value, list)}


def same(one: list[str], other: list[str]) -> bool:
    """Return whether two values are the same.

    Browsers send line ends as CRLF, forms strip, and ticked boxes have no order. An empty field is none.
    """
    return _plain(one) == _plain(other)


def _plain(values: list[str]) -> list[str]:
    return sorted(text for value in values if (text := value.replace("\r\n", "\n").strip()))


def _words(field: forms.BoundField, values: list[str]) -> str:
    """A value as people read it, short enough to stand beside another."""
    if isinstance(field.field, forms.BooleanField):
        return "Yes" if values else "No"
    choices = dict(_flat(getattr(field.field, "choices", [])))
    said = ", ".join(choices.get(value, value) for value in values if value) or "Empty"
    return shown(said)


def _flat(choices: Iterable[Any]) -> Iterable[tuple[str, str]]:
    for value, label in choices:
        if isinstance(label, list | tuple):
            yield from _flat(label)
        else:
            yield str(value), str(label)
