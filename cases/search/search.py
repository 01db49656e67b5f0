"""Searches cases by words. Triggers keep the words in the database.

An entry is a word of the title or the data in small letters, or one of `team:<id>`, `number:<n>` and `label:<name>`;
no word holds a colon.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import BooleanField, Exists, F, Func, Model, OuterRef, Value
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from cases.models import CaseWords
from data.texts.signs import shown
from web.http.paging import few

# As in the migration.
_PUNCTUATION = str.maketrans(dict.fromkeys("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~\x00", " "))
_BY_ITSELF = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_UNIT = re.compile(f"[{_BY_ITSELF}]|[^{_BY_ITSELF}]+")
_LONGEST = 200
COUNTED = 10_000
_EXCERPT = 160


@dataclass(frozen=True)
class Words:
    """What a person searches for. `number`: the number it may be, and with `#` in front (`only_number`) must be."""

    terms: tuple[str, ...] = ()
    number: int | None = None
    only_number: bool = False

    @property
    def are_none(self) -> bool:
        return not self.terms and self.number is None


def read(text: str) -> Words | None:
    """Read a search. Return None for a text without words."""
    text = " ".join(text[:_LONGEST].split())
    if not text:
        return None
    number = re.fullmatch(r"(#?)([0-9]{1,9})", text)
    terms = tuple(text.lower().translate(_PUNCTUATION).split())
    return Words(terms, int(number[2]) if number else None, bool(number and number[1]))


def having(team_id: UUID, words: Words | None, label: str = "") -> Exists:
    """Return the condition that cases have all the words, the last one as a beginning, and the label."""
    return Exists(CaseWords.objects.filter(*conditions(team_id, words, label), case=OuterRef("pk")))


def conditions(team_id: UUID, words: Words | None, label: str = "") -> list[Func]:
    """Return the same conditions for rows of any kind that have `words`."""
    found = [_matches(_entries([f"team:{team_id}", *([f"label:{label}"] if label else [])]))]
    if words:
        # A condition of its own: of nothing but signs no query is left, and that fits nothing.
        said = _query(words.terms)
        if words.number is not None:
            number = _entries([f"number:{words.number}"])
            said = number if words.only_number else Func(said, number, arg_joiner=" || ", template="(%(expressions)s)")
        found.append(_matches(said))
    return found


def those_with_words(kept: type[Model], team_id: UUID, words: Words | None, label: str = "") -> list[UUID] | None:
    """Return the keys of what has the words and the label, of a model with `words`. None where that is not few, or
    where there is no need to look: PostgreSQL knows how common each word is, but takes words for independent of each
    other, and would look along the whole list for those that exclude each other.
    """
    if (len(words.terms) if words else 0) + bool(label) < 2:
        return None
    return few(kept._default_manager.filter(*conditions(team_id, words, label)), _FEW)


# As many are sorted in a moment. Where more fit, the first ones are soon met along the list.
_FEW = 5_000


def _matches(query: Func) -> Func:
    return Func(F("words"), query, arg_joiner=" @@ ", template="%(expressions)s", output_field=BooleanField())


def counts_of_labels(team_id: UUID, labels: Sequence[str]) -> dict[str, int]:
    """Return how many cases have each label, up to COUNTED + 1."""
    queries = [_quoted([f"team:{team_id}", f"label:{label}"]) for label in labels]
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, [COUNTED + 1, queries])
        return dict(zip(labels, (number for (number,) in cursor.fetchall()), strict=True))


_COUNT = """
select (select count(*) from (
    select from cases_casewords join cases_case on id = case_id
    where words @@ query::tsquery and deleted_at is null limit %s
) found) from unnest(%s::text[]) with ordinality asked (query, position) order by position
"""


def _quoted(entries: Sequence[str]) -> str:
    return " & ".join("'" + entry.replace("\\", "\\\\").replace("'", "''") + "'" for entry in entries)


def _entries(entries: Sequence[str]) -> Func:
    """Return the entries of all words, as they are."""
    return Func(Value(_quoted(entries)), template="%(expressions)s::tsquery")


def _query(terms: Sequence[str]) -> Func:
    # Terms hold no quotes and no backslashes: those are punctuation.
    parts = [" <-> ".join(f"'{unit}'" for unit in _UNIT.findall(term)) for term in terms]
    query = " & ".join(f"({part})" for part in parts[:-1]) + " & " * (len(parts) > 1)
    return Func(Value("simple"), Value(query + f"({parts[-1]}:*)" if parts else ""), function="to_tsquery")


# --- What was found, marked ------------------------------------------------------------------


def marked(text: str, words: Words | None) -> SafeString:
    """Return the text as HTML, with the words in <mark>."""
    text = shown(text)
    if not words or not words.terms:
        return escape(text)
    html, end = [], 0
    for match in _pattern(words).finditer(text):
        html += [escape(text[end : match.start()]), "<mark>", escape(match[0]), "</mark>"]
        end = match.end()
    html.append(escape(text[end:]))
    return mark_safe("".join(html))  # noqa: S308 - every part is escaped above


def excerpt(data: Any, words: Words | None) -> SafeString:
    """Return the place in the data with the first of the words that it has, marked, or "" if it has none."""
    if not words or not words.terms:
        return SafeString("")
    pattern = _pattern(words)
    for text in _texts(data):
        if match := pattern.search(text):
            start = max(0, match.start() - _EXCERPT // 3)
            start = text.find(" ", start, match.start()) + 1 or start if start else 0
            piece = " ".join(text[start : start + _EXCERPT].split())
            more = start + _EXCERPT < len(text)
            return mark_safe(("… " if start else "") + marked(piece, words) + (" …" if more else ""))  # noqa: S308
    return SafeString("")


def _pattern(words: Words) -> re.Pattern[str]:
    """The words as words; the last one, and those of languages without spaces, wherever they begin."""
    choices = [_choice(term, is_last=term is words.terms[-1]) for term in words.terms]
    return re.compile("|".join(sorted(choices, key=len, reverse=True)), re.IGNORECASE)


def _choice(term: str, *, is_last: bool) -> str:
    if re.search(f"[{_BY_ITSELF}]", term):
        return re.escape(term)
    return rf"(?<![^\W_]){re.escape(term)}" + (r"[^\W_]*" if is_last else r"(?![^\W_])")


def _texts(data: Any) -> Iterator[str]:
    """Yield the strings and numbers within JSON, in order."""
    waiting = [data]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            waiting += reversed(part.values())
        elif isinstance(part, list):
            waiting += reversed(part)
        elif isinstance(part, str | int | float) and not isinstance(part, bool):
            yield str(part)
