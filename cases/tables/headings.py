"""Which row of a table holds the names of its columns. Pure: it looks at cells only."""

import re
from collections.abc import Sequence
from enum import StrEnum

from .tables import Cell

_NAME_LENGTH = 80
_SAMPLE_ROWS = 50
# Above the names stand at most the title of a report and some lines about it.
_SEARCHED_ROWS = 20
_MOST = 0.8


class Usual(StrEnum):
    """What a column usually holds, by its name."""

    TITLE = "title"
    DETAILS = "details"
    PRIORITY = "priority"
    LABELS = "labels"
    EXTERNAL_ID = "external_id"


_USUAL_NAMES = {
    Usual.TITLE: """title subject summary topic headline betreff titel titre sujet objet asunto título titulo assunto
        oggetto titolo onderwerp temat tytuł ämne rubrik emne otsikko předmět тема 件名 タイトル 标题 主题 제목""",
    Usual.DETAILS: """details description text body message content beschreibung nachricht inhalt détails contenu
        descripción descripcion mensaje descrição mensagem descrizione messaggio omschrijving bericht opis treść
        beskrivning meddelande beskrivelse kuvaus popis описание сообщение 内容 説明 描述 내용""",
    Usual.PRIORITY: """priority prio urgency severity priorität dringlichkeit priorité urgence prioridad urgencia
        prioridade priorità prioriteit urgentie priorytet prioritet prioriteetti priorita приоритет 優先度 优先级
        우선순위""",
    Usual.LABELS: "labels label tags tag étiquettes etiquetas schlagwörter etichette etiketten etykiety etiketter",
    Usual.EXTERNAL_ID: """externalid id reference ref key uuid ticketid ticketnumber ticketno caseid requestid
        messageid issuekey issueid ticketnummer référence referencia""",
}
_BY_NAME = {name: usual for usual, names in _USUAL_NAMES.items() for name in names.split()}
_NUMBER = re.compile(r"[^\w]*\d[\d.,:/\s'’%TZ+-]*[^\w]*([ap]m|eur|usd|gbp|chf|e[+-]?\d+)?", re.IGNORECASE)
_CODE = re.compile(r"[A-Za-z]{0,8}[-_#]?\d[\w-]*|true|false|yes|no", re.IGNORECASE)
_ADDRESS = re.compile(r"\S+@\S+\.\S+|\w+://\S+")


def plain(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).lower()


def usual_meaning(name: str) -> Usual | None:
    return _BY_NAME.get(plain(name))


def is_known(name: Cell) -> bool:
    return isinstance(name, str) and usual_meaning(name) is not None


def is_label(cell: Cell) -> bool:
    """Could it be the name of a column? It is short and no number, date or address."""
    if not isinstance(cell, str) or len(cell) > _NAME_LENGTH:
        return False
    return not (_NUMBER.fullmatch(cell.strip()) or _ADDRESS.fullmatch(cell.strip()))


def is_value(cell: Cell) -> bool:
    """Is it a number, date, address or code, as it stands below names and not among them?"""
    if not isinstance(cell, str):
        return cell is not None
    return not is_label(cell) or bool(_CODE.fullmatch(cell.strip()))


def find_names(rows: Sequence[Sequence[Cell]]) -> int | None:
    """Return the place, from 0, of the row that holds the names, or None if no row looks like one."""
    sample = rows[:_SAMPLE_ROWS]
    if len(sample) == 1 and len(_filled(sample[0])) > 1 and all(is_known(sample[0][at]) for at in _filled(sample[0])):
        return 0
    usual = _usual_columns(sample)
    found: int | None = None
    is_first = True  # of the rows that fill all columns
    for place, row in enumerate(sample[: min(_SEARCHED_ROWS, len(sample) - 1)]):
        below = sample[place + 1 :]
        if _names_something(row, below, usual) or (is_first and _could_be_names(row, below, usual)):
            if found is not None and _is_better(sample[found], row):
                return place
            found = place if found is None else found
        is_first = is_first and not set(usual[1:]) <= set(_filled(row))
    return found


def _is_better(found: Sequence[Cell], row: Sequence[Cell]) -> bool:
    """Is what was found the title of a report, or a line about it, above this row of names?"""
    if any(map(is_known, found)):
        return False
    return len(_filled(found)) * 2 <= len(_filled(row)) or sum(map(is_known, row)) * 2 >= len(_filled(row))


def _filled(row: Sequence[Cell]) -> list[int]:
    return [place for place, cell in enumerate(row) if cell is not None]


def _usual_columns(rows: Sequence[Sequence[Cell]]) -> list[int]:
    """Return the columns that most rows fill, so that one row with a cell too many counts for nothing."""
    counts: dict[int, int] = {}
    for row in rows:
        for place in _filled(row):
            counts[place] = counts.get(place, 0) + 1
    return sorted(place for place, count in counts.items() if count * 2 >= len(rows))


def _names_something(row: Sequence[Cell], below: Sequence[Sequence[Cell]], usual: Sequence[int]) -> bool:
    """Is one of them the usual name of something, or does one name a column of numbers, dates or codes?"""
    filled = _filled(row)
    known = any(map(is_known, row))
    if not known and not (all(is_label(row[place]) for place in filled) and _name_values(row, below)):
        return False
    missing = [place for place in usual if place not in filled]
    return len(missing) * 2 < len(usual) or missing == usual[:1]


def _could_be_names(row: Sequence[Cell], below: Sequence[Sequence[Cell]], usual: Sequence[int]) -> bool:
    """Return whether a row could hold the names where everything is text. They fill all columns, except perhaps the
    first, which is that of an index.
    """
    filled = _filled(row)
    missing = [place for place in usual if place not in filled]
    if len(usual) < 2 or missing not in ([], list(usual[:1])) or not all(is_label(row[place]) for place in filled):
        return False
    names = {plain(str(row[place])) for place in filled}
    return len(names) * 2 > len(filled) and not any(row[place] in _column(place, below) for place in filled)


def _column(place: int, rows: Sequence[Sequence[Cell]]) -> list[Cell]:
    return [row[place] for row in rows if place < len(row) and row[place] is not None]


def _name_values(row: Sequence[Cell], below: Sequence[Sequence[Cell]]) -> bool:
    for place in _filled(row):
        values = _column(place, below)
        if not is_value(row[place]) and sum(map(is_value, values)) > _MOST * len(values):
            return True
    return False
