"""The errors of fields in our words, which say what to do."""

from collections.abc import Mapping
from typing import Any

from django import forms

# By class of field and Django's error code. If two classes fit, the later one wins. A message catalogue could not tell
# them apart: Django has one text for the required field of every class.
_WORDS: list[tuple[type[forms.Field], Mapping[str, str]]] = [
    (
        forms.Field,
        {
            "required": "Required.",
            "max_length": "Please use at most %(limit_value)d characters; these are %(show_value)d.",
            "null_characters_not_allowed": "Please leave out the characters that nobody can see.",
        },
    ),
    (
        forms.IntegerField,
        {
            "invalid": "Please give a whole number.",
            "min_value": "Please give %(limit_value)s or more.",
            "max_value": "Please give %(limit_value)s or less.",
        },
    ),
    (
        forms.DecimalField,
        {
            "invalid": "Please give a number.",
            "max_decimal_places": "Please give at most %(max)s digits behind the point.",
        },
    ),
    (forms.EmailField, {"invalid": "Please give a whole address, such as ada@example.com."}),
    (forms.DateField, {"invalid": "Please give a date, such as 2026-12-24."}),
    (forms.DateTimeField, {"invalid": "Please give a date and a time, such as 2026-12-24 08:00."}),
    (forms.TimeField, {"invalid": "Please give a time, such as 08:00."}),
    (
        forms.ChoiceField,
        {"required": "Please choose one.", "invalid_choice": "This can no longer be chosen. Please choose another."},
    ),
    (forms.MultipleChoiceField, {"required": "Please choose at least one."}),
    (
        forms.FileField,
        {
            "required": "Please choose a file.",
            "invalid": "Please choose a file.",
            "max_length": "The name of this file has %(length)d characters. Please use at most %(max)d.",
        },
    ),
]


class FriendlyErrors(forms.BaseForm):
    """A form whose labels have no colon and whose errors say what to do. Our own forms are PageForms."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.label_suffix = ""

    def full_clean(self) -> None:
        for field in self.fields.values():
            # Replace Django's messages, but not those that the field's declaration gives.
            stock: dict[str, Any] = {}
            for kind in reversed(type(field).__mro__):
                stock |= getattr(kind, "default_error_messages", {})
            ours = {code: words for kind, said in _WORDS if isinstance(field, kind) for code, words in said.items()}
            for code, words in ours.items():
                if field.error_messages.get(code) == stock.get(code):
                    field.error_messages[code] = words
        super().full_clean()


class PageForm(FriendlyErrors, forms.Form):
    """The base of every form that is our own."""
