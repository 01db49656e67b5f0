"""The forms of the pages that import agents."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, StopUpload
from django.forms import BoundField

from builder.files.archives import TextFile, unpack
from builder.files.importing import read_all
from builder.files.planned import CREATE, DROP, Choices, MissingAgent, MissingQueue, Plan
from cases.models import Queue
from web.forms.messages import PageForm

UPLOAD_LIMIT = 10_000_000  # bytes, of all files together
PASTED = "Pasted text"
_SHOWN_PLACES = 5


class BoundedUpload(FileUploadHandler):
    """Stops reading when the files are more than `limit` bytes together."""

    limit = UPLOAD_LIMIT
    received = 0

    @property
    def exceeded(self) -> bool:
        return self.received > self.limit

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        self.received += len(raw_data)
        if self.exceeded:
            raise StopUpload(connection_reset=False)
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """The handlers after this one keep the file."""


class FilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    def clean(self, data: Any, initial: Any = None) -> Any:
        return [super(FilesField, self).clean(item, initial) for item in data or []]


class UploadForm(PageForm):
    uploads = FilesField(
        label="Markdown files or a zip archive",
        required=False,
        allow_empty_file=True,
        max_length=200,
        widget=FilesInput(attrs={"accept": ".md,.markdown,.txt,.yaml,.zip"}),
    )
    text = forms.CharField(
        label="Or the text of one file",
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false"}),
    )

    def read(self) -> list[TextFile]:
        """Flawed, with everything that is wrong. For a valid form."""
        uploads: list[UploadedFile[Any]] = self.cleaned_data["uploads"]
        texts = unpack([(upload.name or "A file", upload.read()) for upload in uploads])
        if self.cleaned_data["text"].strip():
            texts.append(TextFile(PASTED, self.cleaned_data["text"]))
        read_all(texts)
        return texts

    def clean(self) -> dict[str, Any]:
        if not self.errors and not self.cleaned_data["uploads"] and not self.cleaned_data["text"].strip():
            raise forms.ValidationError("Please choose a file, or paste the text of one.")
        return self.cleaned_data


class ChoicesForm(PageForm):
    """Chooses what to do about mentions and queues that do not exist here."""

    def __init__(self, data: Any = None, *, plan: Plan, queues: Sequence[Queue]) -> None:
        super().__init__(data)
        self.agent_rows: list[tuple[MissingAgent, BoundField]] = []
        self.queue_rows: list[tuple[MissingQueue, BoundField]] = []
        for missing in plan.missing_agents:
            name = f"agent-{missing.id}"
            self.fields[name] = forms.CharField(
                label=f"Instead of @{missing.name}, mention",
                required=False,
                max_length=80,
                help_text=f"No {missing.what} is called “{missing.name}”, or has its id."
                f" It is mentioned in {_places(missing)}.",
                widget=forms.TextInput(
                    attrs={"list": "agents", "autocomplete": "off", "placeholder": "Nobody: it stays as plain text"}
                ),
            )
            self.agent_rows.append((missing, self[name]))
        for index, queue in enumerate(plan.missing_queues):
            name = f"queue-{index}"
            self.fields[name] = forms.ChoiceField(
                label=f"In place of the queue {queue.name}",
                choices=[
                    (CREATE, f"A new queue: {queue.name}"),
                    *((str(other.pk), other.name) for other in queues),
                    (DROP, "No connection"),
                ],
                initial=CREATE,
                help_text=f"There is no such queue here. It is named in {_places(queue)}.",
            )
            self.queue_rows.append((queue, self[name]))

    def choices(self) -> Choices:
        """Of a valid form."""
        said = self.cleaned_data
        return Choices(
            agents={row.id: said[field.name] for row, field in self.agent_rows},
            queues={row.key: said[field.name] for row, field in self.queue_rows},
        )


def _places(missing: MissingAgent | MissingQueue) -> str:
    named = "; ".join(map(str, missing.places[:_SHOWN_PLACES]))
    more = len(missing.places) - _SHOWN_PLACES
    return f"{named} and {more} more" if more > 0 else named
