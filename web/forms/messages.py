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
            "max_length": "Use at most %(limit_value)d characters; these are %(show_value)d.",
            "null_characters_not_allowed": "Remove the invisible characters.",
        },
    ),
    (
        forms.IntegerField,
        {
            "invalid": "Enter a whole number.",
            "min_value": "Enter %(limit_value)s or more.",
            "max_value": "Enter %(limit_value)s or less.",
        },
    ),
    (
        forms.DecimalField,
        {
            "invalid": "Enter a number.",
            "max_decimal_places": "Use at most %(max)s digits after the decimal point.",
        },
    ),
    (forms.EmailField, {"invalid": "Enter a full address, such as ada@example.com."}),
    (forms.DateField, {"invalid": "Enter a date, such as 2026-12-24."}),
    (forms.DateTimeField, {"invalid": "Enter a date and a time, such as 2026-12-24 08:00."}),
    (forms.TimeField, {"invalid": "Enter a time, such as 08:00."}),
    (
        forms.ChoiceField,
        {"required": "Choose one.", "invalid_choice": "This can no longer be chosen. Choose another."},
    ),
    (forms.MultipleChoiceField, {"required": "Choose at least one."}),
    (
        forms.FileField,
        {
            "required": "Choose a file.",
            "invalid": "Choose a file.",
            "max_length": "The name of this file has %(length)d characters. Use at most %(max)d.",
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
