"""Deletes old rows in portions, as the clock does once an hour."""

from typing import Any

from django.db.models import QuerySet

_PORTION = 5000


def delete_old(old: QuerySet[Any]) -> bool:
    """Delete some of these rows, so that no transaction holds many thousands of them for long. Return whether more may
    be left.
    """
    model = old.model
    _, deleted = model._base_manager.filter(pk__in=old.order_by().values("pk")[:_PORTION]).delete()
    return bool(deleted.get(model._meta.label, 0) >= _PORTION)
