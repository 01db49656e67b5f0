"""The lane of routing tests, as shifts and the clock meet it. What works it is a setting, TEST_LANE."""

from collections.abc import Collection
from typing import Protocol
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string

from runs.record.claims import Claim


class Lane(Protocol):
    """What TEST_LANE names."""

    def has_due(self) -> bool:
        """Return whether a test could be taken up now."""

    def claim(self, worker: str, limit: int) -> list[Claim]:
        """Claim up to so many runs of tests for the worker."""

    def settle(self, run_ids: Collection[UUID]) -> None:
        """Note what these runs of tests decided, as far as they have ended."""

    def sweep(self) -> None:
        """Do what workers that died left undone."""


def lane() -> Lane:
    found: Lane = import_string(settings.TEST_LANE)
    return found
