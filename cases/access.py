"""Who may see which queue and case. Another team's answer like those that never were."""

from uuid import UUID

from django.shortcuts import get_object_or_404

from teams.models import Team

from .models import Case, Queue


def queue_or_404(team: Team, id: UUID) -> Queue:
    return get_object_or_404(Queue.objects.live(), team=team, pk=id)


def case_or_404(team: Team, id: UUID) -> Case:
    return get_object_or_404(Case.objects.present().select_related("queue", "assignee"), team=team, pk=id)
