"""The text of a file of routing tests, and back. Pure.

    agent: Triage
    id: 0199a1b2-...
    tests:
    - name: A refund
      queue: Support
      title: A refund
      data: {order: 7}
      expected:
      - '@[Billing Specialist](agent:0199a1b3-...)'
      - ask

A test that was made from a run has its input under `recorded`, with the prompt and the answers of tools that it saw.
A standalone test has a `text` in place of a title.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from uuid import UUID

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from builder.files.archives import TextFile
from builder.files.flaws import Flaw, Flawed
from data.texts.json_text import check_levels
from data.texts.schema_errors import words_of
from data.texts.text import is_storable

_Loads: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_Dumps: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
_MOST = 1_000
_DEEPEST = 120
_DATE_TAG = "tag:yaml.org,2002:timestamp"


def _as_json(value: Any) -> Any:
    check_levels(value)
    if not _is_json(value):
        raise ValueError("it holds something that is no JSON")
    if not is_storable(value):
        raise ValueError("it holds a character that cannot be stored")
    return value


def _is_json(value: Any) -> bool:
    if isinstance(value, dict):
        return all(isinstance(key, str) for key in value) and all(map(_is_json, value.values()))
    if isinstance(value, list):
        return all(map(_is_json, value))
    if isinstance(value, float):
        return math.isfinite(value)
    return value is None or isinstance(value, str | bool | int)


Json = Annotated[Any, AfterValidator(_as_json)]


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Call(_Row):
    """An answer that a tool gave in the run of which a test was made."""

    tool: str
    arguments: str
    content: str
    ok: bool = True
    code: str = ""
    said: Json = None


class Recorded(_Row):
    """What a run saw. A standalone one has a text, and one on a case the rest."""

    prompt: Annotated[str, Field(min_length=1, max_length=2_000_000)]
    mark: str
    text: str | None = None
    number: int = 1
    title: str = ""
    data: Json = Field(default_factory=dict)
    labels: list[str] = Field(default_factory=list)
    priority: int = 0
    last_hop: bool = False
    may_decline: bool = False
    calls: list[Call] = Field(default_factory=list)


class Entry(_Row):
    """One test of a file. `expected`: mentions, and the names of other decisions."""

    name: str = ""
    id: Annotated[UUID | None, Field(strict=False)] = None
    queue: str = ""
    title: str | None = None
    data: Json = None
    labels: list[str] = Field(default_factory=list)
    priority: Literal["none", "medium", "high"] = "none"
    text: str | None = None
    recorded: Recorded | None = None
    expected: Annotated[list[str], Field(min_length=1, max_length=10)]

    @model_validator(mode="after")
    def _has_one_input(self) -> "Entry":
        given = [name for name in ("title", "text", "recorded") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError("a test has either a title, a text or what was recorded")
        return self

    @property
    def is_standalone(self) -> bool:
        return self.text is not None or (self.recorded is not None and self.recorded.text is not None)


class File(_Row):
    agent: str
    id: Annotated[UUID | None, Field(strict=False)] = None
    tests: Annotated[list[Entry], Field(max_length=_MOST)]


@dataclass(frozen=True)
class TestFile:
    """A file that was read. `source`: its name."""

    source: str
    said: File


# --- To text ---------------------------------------------------------------------------------


class _Dumper(_Dumps):  # type: ignore[misc]
    """Lines of a text stand below each other, where YAML can write them so."""


def _text(dumper: Any, value: str) -> Any:
    style = "|" if "\n" in value else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _text)


def write(agent: str, id: UUID, tests: Sequence[Entry]) -> str:
    """The file, alike whenever the tests are alike."""
    said = {"agent": agent, "id": str(id), "tests": [_written(test) for test in tests]}
    text: str = yaml.dump(said, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=2**31 - 1)
    return text


def _written(test: Entry) -> dict[str, Any]:
    said = test.model_dump(mode="json", exclude_defaults=True)
    return {**said, "expected": said.pop("expected")}


# --- To data ---------------------------------------------------------------------------------


class _Loader(_Loads):  # type: ignore[misc]
    """Without dates, which are none in JSON: they stay as they are typed."""

    yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in found if tag != _DATE_TAG]
        for first, found in _Loads.yaml_implicit_resolvers.items()
    }


_FILE = TypeAdapter(File)


def read(files: Sequence[TextFile]) -> list[TestFile]:
    """Flawed, with everything that is wrong with any of them."""
    found: list[TestFile] = []
    flaws: list[Flaw] = []
    for file in files:
        try:
            found.append(TestFile(file.name, _FILE.validate_python(_loaded(file))))
        except ValidationError as error:
            flaws += [Flaw(file.name, 0, words) for words in _in_words(error)]
        except Flawed as flawed:
            flaws += flawed.flaws
    if flaws:
        raise Flawed(flaws)
    return found


def _loaded(file: TextFile) -> Any:
    text = file.text.removeprefix("\ufeff")
    try:
        _refuse_what_grows(text, file.name)
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - it is a safe one
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        said = (error.problem or "this cannot be read").rstrip(".")
        raise Flawed([Flaw(file.name, mark.line + 1 if mark else 1, f"This is not valid YAML: {said}.")]) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise Flawed([Flaw(file.name, 1, "This is not valid YAML.")]) from error


def _refuse_what_grows(text: str, source: str) -> None:
    """Anchors and aliases can grow without end, and so can depth."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise Flawed([Flaw(source, line, "Anchors and aliases (& and *) cannot be used here.")])
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            raise Flawed([Flaw(source, line, "This is nested too deeply.")])


def _in_words(error: ValidationError) -> Iterator[str]:
    for one in error.errors():
        place = [str(part) for part in one["loc"]]
        words = words_of(one)
        words = f"{words[:1].upper()}{words[1:]}".rstrip(".")
        if len(place) > 1 and place[0] == "tests":
            inside = f", {'.'.join(place[2:])}" if len(place) > 2 else ""
            yield f"Test {int(place[1]) + 1}{inside}: {words}."
        else:
            yield f"{'.'.join(place)}: {words}." if place else f"{words}."
