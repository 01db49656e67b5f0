"""What the page of a queue offers to do."""

from django.urls import reverse

from cases.models import Queue
from teams.models import Member
from web.http.actions import Action, offered


def of_queue(queue: Queue, member: Member) -> list[Action]:
    own = [queue.pk]
    pause = Action("Pause", "pause", post=reverse("queue_pause", args=own))
    resume = Action("Resume", "play", post=reverse("queue_resume", args=own))
    return offered(
        [
            (
                member.builds,
                Action("Connect agents", "bot", link=reverse("queue_agents", args=own), picks=True),
            ),
            (member.builds, Action("Edit", "pencil", link=reverse("queue_edit", args=own), keys="e")),
            (member.builds, resume if queue.is_paused else pause),
            (member.operates, Action("Import", "file-up", link=reverse("cases_upload", args=own))),
            (
                member.operates,
                Action("New case", "plus", link=reverse("case_new", args=own), look="primary", keys="c"),
            ),
        ]
    )
