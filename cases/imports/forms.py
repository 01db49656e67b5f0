"""The forms for importing cases from a table."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from cases.models import CaseUpload, UploadRow
from cases.tables.csv_dialects import ENCODINGS, SEPARATORS
from cases.tables.table_files import FILE_LIMIT
from web.forms.messages import PageForm

from .columns import Role, text_of


class FileForm(PageForm):
    file = forms.FileField(
        label="CSV or XLSX file",
        allow_empty_file=True,
        max_length=200,
        help_text="At most 20 MB, 10,000 rows and 100 columns. You can choose the sheet of a workbook next.",
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,.xlsx,.xlsm"}),
    )

    def clean_file(self) -> Any:
        file: UploadedFile[bytes] = self.cleaned_data["file"]
        if (file.size or 0) > FILE_LIMIT:
            raise forms.ValidationError("This file has more than 20 MB. Import it in parts.")
        return file


class PasteForm(PageForm):
    names = {"file": "text"}

    text = forms.CharField(
        label="Rows of a spreadsheet, or text",
        strip=False,
        max_length=2_000_000,
        widget=forms.Textarea(attrs={"rows": 14, "spellcheck": "false"}),
        error_messages={"required": "Paste some rows or text."},
    )
    form = forms.ChoiceField(
        label="Format",
        choices=CaseUpload.Form.choices[1:],
        initial=CaseUpload.Form.TABLE,
        widget=forms.RadioSelect,
    )

    def clean_text(self) -> str:
        """Half a pair of surrogates is no letter."""
        text: str = self.cleaned_data["text"]
        return text.encode("utf-8", "replace").decode()


class ReadingForm(PageForm):
    """Says how the file is read and what its columns become. Another way of reading guesses the columns again. `first`:
    the rows among which one can be the one with the names.
    """

    sheet = forms.ChoiceField()
    encoding = forms.ChoiceField(label="Encoding", choices=list(ENCODINGS.items()))
    separator = forms.ChoiceField(label="Separator", choices=list(SEPARATORS.items()))
    names_row = forms.TypedChoiceField(label="Column names", coerce=int, empty_value=None, required=False)
    skip_flawed = forms.BooleanField(required=False)
    again = forms.BooleanField(label="Import it again", required=False)

    def __init__(self, data: Any = None, *, upload: CaseUpload, names: list[str], first: Sequence[UploadRow]) -> None:
        self.upload = upload
        initial = {name: getattr(upload, name) for name in _READING}
        super().__init__(data, initial=initial)
        self.fields["sheet"].choices = [(name[:100], name) for name in upload.sheets]  # type: ignore[attr-defined]
        if len(upload.sheets) < 2:
            del self.fields["sheet"]
        if not upload.separator:
            del self.fields["separator"]
        if upload.form != CaseUpload.Form.FILE or not upload.encoding:
            del self.fields["encoding"]
        if upload.form in (CaseUpload.Form.LINES, CaseUpload.Form.PARAGRAPHS):
            del self.fields["names_row"]
        else:
            self.fields["names_row"].choices = _names_rows(first)  # type: ignore[attr-defined]
        for place, name in enumerate(names):
            self.fields[f"role-{place}"] = forms.ChoiceField(
                label=name, choices=Role.choices, initial=upload.roles[place], required=False
            )

    @property
    def reading(self) -> dict[str, Any]:
        """Return how the file is to be read. The form must be valid."""
        return {name: self.cleaned_data.get(name, getattr(self.upload, name)) for name in _READING}

    @property
    def reads_otherwise(self) -> bool:
        return any(getattr(self.upload, name) != value for name, value in self.reading.items())

    @property
    def roles(self) -> list[str]:
        said = [self.cleaned_data.get(f"role-{place}") for place in range(len(self.upload.roles))]
        return [role or guessed for role, guessed in zip(said, self.upload.roles, strict=True)]


_READING = ("sheet", "encoding", "separator", "names_row")
_SHOWN_NAMES, _ROW_WORDS = 4, 60


def _names_rows(rows: Sequence[UploadRow]) -> list[tuple[Any, str]]:
    return [("", "The table has none"), *((row.number, _words(row)) for row in rows)]


def _words(row: UploadRow) -> str:
    """Return a row in a few words, such as `Row 3: Title, Amount, City, …`."""
    said = [text for cell in row.cells if (text := " ".join(text_of(cell).split()))]
    words = ", ".join([*said[:_SHOWN_NAMES], *["…"] * (len(said) > _SHOWN_NAMES)])
    return f"Row {row.number:,}: {words if len(words) <= _ROW_WORDS else words[:_ROW_WORDS].rstrip() + '…'}"
