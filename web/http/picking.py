"""Lists to choose from, which open beside what they change: the same as a page of their own where there are no scripts.

The link `{% pick %}` opens one; each option is a button of a form that acts in place (`web.http.toasts`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse

from .partials import render_page


@dataclass(frozen=True)
class Option:
    """`obstacle`: why it cannot be chosen. `hint`: quiet words beside it. `paint`: the colour of a label.

    `name`: of the form's field, if it differs from that of the section.
    """

    label: str
    value: str = ""
    icon: str = ""
    hint: str = ""
    current: bool = False
    obstacle: str = ""
    paint: str = ""
    name: str = ""


@dataclass(frozen=True)
class Section:
    """Options that are sent to one address as one field, perhaps with fixed `fields` beside it."""

    action: str
    name: str
    options: Sequence[Option]
    title: str = ""
    fields: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True)
class Picker:
    """`many`: stays open, as more than one may be chosen. `new`: the name of the field for what is not in the list.
    `more`: addresses of other lists or pages, with their words; `opens`: they are lists.
    """

    title: str
    sections: Sequence[Section]
    many: bool = False
    numbered: bool = False
    new: str = ""
    more: Sequence[tuple[str, str, bool]] = ()
    empty: str = ""


def show_picker(request: HttpRequest, picker: Picker, back: str, back_label: str) -> HttpResponse:
    sections = [section for section in picker.sections if section.options or picker.new]
    context = {"picker": picker, "groups": sections, "back": back, "back_label": back_label}
    return render_page(request, "components/picker.html", context, parts=["picker"])
