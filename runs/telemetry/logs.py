"""Log lines: each says which run, case and team it is about, and none tells a secret.

The code that works on a run says so with `about`; everything that any code logs in the meantime is marked with it.
"""

import json
import logging
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from uuid import UUID

_subject: ContextVar[dict[str, str]] = ContextVar("subject", default={})  # noqa: B039  (never changed in place)


@contextmanager
def about(*, run_id: UUID, case_id: UUID | None, team_id: UUID) -> Iterator[None]:
    ids = {"run": run_id, "case": case_id, "team": team_id}
    token = _subject.set({name: str(id) for name, id in ids.items() if id})
    try:
        yield
    finally:
        _subject.reset(token)


class Subject(logging.Filter):
    """Marks each record with what it is about. At the handler, so that lines of libraries are marked as well."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.subject = _subject.get()
        return True


class Line(logging.Formatter):
    """A line for people: `WARNING runs.engine.engine the database went away [run=… case=… team=…]`."""

    def format(self, record: logging.LogRecord) -> str:
        ids = " ".join(f"{name}={id}" for name, id in _subject_of(record).items())
        first, *rest = super().format(record).split("\n")
        return _without_secrets("\n".join([f"{first} [{ids}]" if ids else first, *rest]))


class JsonLine(logging.Formatter):
    """A line for programs: one JSON object, with `time` (UTC), `level`, `logger`, `message`, the ids, and `error`."""

    def format(self, record: logging.LogRecord) -> str:
        said = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": _without_secrets(record.getMessage()),
            **_subject_of(record),
        }
        if record.exc_info:
            said["error"] = _without_secrets(self.formatException(record.exc_info))
        return json.dumps(said, ensure_ascii=False)


def _subject_of(record: logging.LogRecord) -> dict[str, str]:
    return getattr(record, "subject", {})


# Errors of providers and drivers repeat what they were called with.
_SECRETS = (
    (re.compile(r"\b(bearer|basic)\s+[\w.~+/=-]{16,}", re.IGNORECASE), r"\1 …"),
    (
        re.compile(
            r"\b(api[-_ ]?key(?: provided)?|token|password|secret)([\"']?\s*[=:]\s*[\"']?)[^\s\"'&,;]+", re.IGNORECASE
        ),
        r"\1\2…",
    ),
    (re.compile(r"\b(sk-|AIza|baton_)[\w-]{6,}"), r"\1…"),
    (re.compile(r"//[^/@\s]+@"), "//…@"),
)
_OWN = sorted(
    {
        value
        for name, value in os.environ.items()
        if re.search("_(KEY|TOKEN|SECRET|PASSWORD)$", name) and len(value) > 7
    },
    key=len,
    reverse=True,
)


def _without_secrets(text: str) -> str:
    for secret in _OWN:
        text = text.replace(secret, "…")
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    return text
