"""Access to runs and questions. Those of another team behave as if they did not exist."""

from uuid import UUID

from django.shortcuts import get_object_or_404

from runs.models import HumanRequest, Run
from teams.models import Team


def run_or_404(team: Team, id: UUID) -> Run:
    runs = Run.objects.select_related("agent", "revision", "case__queue", "started_by", "seen_by", "stopped_by_user")
    return get_object_or_404(runs, team=team, pk=id)


def question_or_404(team: Team, id: UUID) -> HumanRequest:
    questions = HumanRequest.objects.select_related("run__agent", "run__case", "answered_by")
    return get_object_or_404(questions, team=team, pk=id)
