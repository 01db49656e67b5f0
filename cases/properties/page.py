"""What the page of a case shows of it beside its timeline."""

from collections import Counter
from typing import Any

from django.urls import reverse

from cases.models import Case

from . import contents

_SIMILAR = 60
_SUGGESTED = 3
# In the order of the buttons.
_PRIORITIES = [(Case.Priority.NONE, "None"), (Case.Priority.MEDIUM, "Medium"), (Case.Priority.HIGH, "High")]


def properties(case: Case) -> dict[str, Any]:
    """Return the message, the fields with the addresses where each is edited, and labels that similar cases have."""
    return {
        "message": contents.message_of(case.data),
        "fields": [
            (field, reverse("case_field", args=[case.pk], query={"name": field.name}))
            for field in contents.fields_of(case.data)
        ],
        "priorities": _PRIORITIES,
        "suggested": suggested_labels(case),
    }


def suggested_labels(case: Case) -> list[str]:
    """Return the labels that the latest cases of its queue have most often, without its own."""
    latest = Case.objects.present().filter(team=case.team_id, queue=case.queue_id).order_by("-number")
    counts = Counter(name for names in latest.values_list("labels", flat=True)[:_SIMILAR] for name in names)
    return [name for name, _ in counts.most_common() if name not in case.labels][:_SUGGESTED]
