"""The details of a case as people type them."""

import json
from typing import Any

from data.texts.json_text import read_json


def read_details(text: str) -> Any:
    """Return a JSON object as such, and everything else as text."""
    text = text.replace("\r\n", "\n")
    if not text.strip():
        return {}
    try:
        found = read_json(text)
    except ValueError:
        return text
    return found if isinstance(found, dict) else text


def write_details(data: Any) -> str:
    """Return the text of details: the reverse of `read_details`."""
    if not data:
        return ""
    return data if isinstance(data, str) else json.dumps(data, indent=2, ensure_ascii=False)
