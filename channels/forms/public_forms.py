"""The form as customers fill it in."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms

from cases.collaboration.attachments import Upload
from data.errors import Refused
from web.forms.messages import PageForm

from .questions import EMAIL, NAME, TEXT, TITLE, Question, is_email
from .submissions import FILES_LIMIT, Submission

# A field that people do not see. Programs that fill in every field give themselves away by it.
TRAP = "website"
_YES_OR_NO = [("", ""), ("yes", "Yes"), ("no", "No")]
_LARGEST = 10**15
_COMPLETES = {EMAIL: "email", NAME: "name"}


class PublicForm(PageForm):
    """The form has a field for each question, named by its key."""

    def __init__(self, questions: Sequence[Question], data: Any = None) -> None:
        super().__init__(data, auto_id="form-%s")
        self.questions = questions
        for question in questions:
            self.fields[question.key] = _field(question)
        self.fields[TRAP] = forms.CharField(
            label="Leave this empty",
            required=False,
            widget=forms.TextInput({"tabindex": "-1", "autocomplete": "off"}),
        )

    def clean(self) -> dict[str, Any]:
        cleaned = dict(super().clean() or {})
        if cleaned.get(TRAP):
            self.add_error(None, "Leave the last, hidden field empty. It is there to catch programs.")
        return cleaned

    def visible(self) -> list[forms.BoundField]:
        return [self[question.key] for question in self.questions]

    def submission(self, mark: str, network: str, files: Sequence[Upload], fallback_title: str) -> Submission:
        """Return what a valid form says."""
        data = {one.name: value for one in self.questions if (value := self._value(one)) is not None}
        title = str(data.pop(TITLE, "") or fallback_title)
        email = next((str(data[one.name]) for one in self.questions if is_email(one) and one.name in data), "")
        text = str(data.get(TEXT) or "\n".join(f"{name}: {value}" for name, value in data.items()))
        name = str(data.get(NAME, ""))
        return Submission(mark, title, data, network, text=text, email=email, name=name, files=files)

    def show(self, refusal: Refused) -> None:
        """Put what is wrong with the details beside the fields they come from."""
        keys = {question.name: question.key for question in self.questions}
        for name, words in (refusal.fields or {"": refusal.message}).items():
            key = keys.get(name.removeprefix("data."))
            self.add_error(key, _asked_for(words) if key else words)

    def _value(self, question: Question) -> Any:
        value = self.cleaned_data.get(question.key)
        if value in (None, ""):
            return None
        match question.kind:
            case "number":
                assert isinstance(value, Decimal)
                return int(value) if value == value.to_integral_value() else float(value)
            case "date":
                return value.isoformat()
            case "boolean":
                return value == "yes"
            case "choice":
                return question.choices[value]
        return value


def check_files(files: Sequence[Upload], most: int) -> str:
    """Return what is wrong with the files, if anything."""
    if len(files) > most:
        return f"Attach at most {most} file{'' if most == 1 else 's'}." if most else "This form takes no files."
    if sum(file.size or 0 for file in files) > FILES_LIMIT:
        return "The files may hold 20 MB together."
    return ""


def _asked_for(words: str) -> str:
    return "Required." if words == "Is missing." else words


def _field(question: Question) -> forms.Field:
    # The browser takes the direction of writing from what is typed.
    attrs: dict[str, Any] = {"dir": "auto", "autocomplete": _COMPLETES.get(question.name, "off")}
    kind: type[forms.Field] = forms.CharField
    about: dict[str, Any] = {"max_length": question.longest, "widget": forms.TextInput(attrs)}
    match question.kind:
        case "number":
            kind = forms.DecimalField
            about = {"max_digits": 18, "widget": forms.TextInput({"inputmode": "decimal"})}
        case "whole":
            kind = forms.IntegerField
            about = {"min_value": -_LARGEST, "max_value": _LARGEST, "widget": forms.TextInput({"inputmode": "numeric"})}
        case "date":
            kind, about = forms.DateField, {"input_formats": ["%Y-%m-%d"], "widget": forms.DateInput({"type": "date"})}
        case "boolean":
            kind, about = forms.ChoiceField, {"choices": _YES_OR_NO}
        case "choice":
            kind, about = forms.ChoiceField, {"choices": [("", ""), *((words, words) for words in question.choices)]}
        case "email":
            kind, about["widget"] = forms.EmailField, forms.EmailInput({"autocomplete": "email"})
        case "long":
            about["widget"] = forms.Textarea(attrs | {"rows": 7})
    return kind(label=question.label, required=question.required, help_text=question.help, **about)
