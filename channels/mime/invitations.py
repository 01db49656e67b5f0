"""What an invitation to a meeting says, in a few lines. The file itself is kept with the case."""

import re

_SAID = {"SUMMARY": "Meeting", "DTSTART": "Begins", "DTEND": "Ends", "LOCATION": "Place", "ORGANIZER": "Organizer"}
_DATE = re.compile(r"^(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)\d*(Z?))?$")
_MOST_LINES = 2000


def in_words(calendar: str) -> str:
    """Return the first event of a calendar in words: a line for each thing that people want to know."""
    lines = re.sub(r"\r?\n[ \t]", "", calendar).splitlines()[:_MOST_LINES]
    event = "BEGIN:VEVENT" in (line.strip().upper() for line in lines)
    found: dict[str, str] = {}
    method, inside = "", not event
    for line in lines:
        name, _, value = line.partition(":")
        key, _, parameters = name.upper().partition(";")
        if key == "METHOD":
            method = value.strip().lower()
        elif key == "BEGIN" and value.strip().upper() == "VEVENT":
            inside = True
        elif key == "END" and value.strip().upper() == "VEVENT":
            break
        elif inside and key in _SAID and key not in found and value.strip():
            found[key] = _value(key, value.strip(), parameters)
    if not found:
        return ""
    head = {"cancel": "A meeting was cancelled.", "reply": "An answer to an invitation."}.get(method, "An invitation.")
    return "\n".join([head, *(f"{words}: {found[key]}" for key, words in _SAID.items() if key in found)])


def _value(key: str, value: str, parameters: str) -> str:
    if key == "ORGANIZER":
        return value[7:] if value.lower().startswith("mailto:") else value
    if found := _DATE.match(value):
        year, month, day, hour, minute, is_utc = found.groups()
        zone = " UTC" if is_utc else f" {parameters.removeprefix('TZID=').title()}" if "TZID=" in parameters else ""
        return f"{year}-{month}-{day}" + (f" {hour}:{minute}{zone}" if hour else "")
    return value.replace("\\n", " ").replace("\\N", " ").replace("\\,", ",").replace("\\;", ";")[:500]
