"""The acts that the audit log knows, by area. The list is in `config`, since the acts belong to many apps."""

from collections.abc import Mapping

from django.conf import settings
from django.utils.module_loading import import_string

# Each area with its label and the words of its acts.
AREAS: Mapping[str, tuple[str, Mapping[str, str]]] = import_string(settings.AUDIT_ACTS)

ACTS = {act: words for _, acts in AREAS.values() for act, words in acts.items()}


def of_area(area: str) -> list[str]:
    return list(AREAS[area][1]) if area in AREAS else []
