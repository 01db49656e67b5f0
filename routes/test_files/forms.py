"""The form in which a table of routing tests is read."""

from typing import Any

from django import forms

from web.forms.messages import PageForm

from .tables import Role, Sheet

LIMIT = 2_000_000  # of characters, and of bytes


class TableForm(PageForm):
    """A file, or the text that a file was read to. What is pasted can be changed until it is right."""

    file = forms.FileField(
        label="CSV or XLSX file",
        required=False,
        allow_empty_file=True,
        max_length=200,
        help_text="At most 2 MB. Its rows then stand below, where you can change them.",
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,.xlsx"}),
    )
    text = forms.CharField(
        label="Rows",
        required=False,
        strip=False,
        max_length=LIMIT,
        help_text="For example: title,message,expected",
        widget=forms.Textarea(attrs={"rows": 10, "spellcheck": "false"}),
    )
    skip_flawed = forms.BooleanField(label="Skip rows with errors", required=False)

    def clean(self) -> dict[str, Any]:
        if not self.errors and not self.cleaned_data["file"] and not self.cleaned_data["text"].strip():
            self.add_error("file", "Choose a file, or paste rows below.")
        return self.cleaned_data

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file and (file.size or 0) > LIMIT:
            raise forms.ValidationError("This file has more than 2 MB. Import it in parts.")
        return file


class ColumnsForm(PageForm):
    """What each column becomes."""

    def __init__(self, data: Any, sheet: Sheet) -> None:
        super().__init__(data)
        self.guessed = sheet.guess()
        for place, name in enumerate(sheet.names):
            self.fields[f"role-{place}"] = forms.ChoiceField(
                label=name, choices=Role.choices, initial=self.guessed[place], required=False
            )

    @property
    def roles(self) -> list[str]:
        """Of a valid form; as they are guessed where nothing was chosen."""
        said = [self.cleaned_data.get(f"role-{place}") for place in range(len(self.guessed))]
        return [role or guessed for role, guessed in zip(said, self.guessed, strict=True)]
