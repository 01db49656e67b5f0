"""Access to queues and cases. Those of another team behave as if they did not exist."""

from uuid import UUID

from django.shortcuts import get_object_or_404

from cases.models import Attachment, Case, CaseUpload, Comment, Queue
from teams.models import Team, User


def queue_or_404(team: Team, id: UUID) -> Queue:
    return get_object_or_404(Queue.objects.live(), team=team, pk=id)


def case_or_404(team: Team, id: UUID) -> Case:
    return get_object_or_404(
        Case.objects.present().select_related("queue", "assignee", "owner", "group"), team=team, pk=id
    )


def comment_or_404(team: Team, user: User, id: UUID) -> Comment:
    """Return a comment of the user's own that is not deleted."""
    found = Comment.objects.filter(user=user, deleted_at=None, case__deleted_at=None).select_related("case")
    return get_object_or_404(found, team=team, pk=id)


def attachment_or_404(team: Team, id: UUID) -> Attachment:
    found = Attachment.objects.filter(case__deleted_at=None).select_related("case")
    return get_object_or_404(found, team=team, pk=id)


def upload_or_404(team: Team, id: UUID) -> CaseUpload:
    return get_object_or_404(CaseUpload.objects.select_related("queue", "user").defer("content"), team=team, pk=id)
