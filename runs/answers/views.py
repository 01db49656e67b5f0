"""The page that the link in an email about a request leads to."""

from uuid import UUID

from django.http import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from cases.properties.contents import message_of
from runs.models import HumanRequest
from runs.notifications.answer_links import read_link
from runs.results.answering import Answered, respond
from teams.access.permissions import OPERATOR, TeamRequest, team_page


def _team(token: str) -> UUID | None:
    """Return the team whose request the link leads to."""
    link = read_link(token)
    requests = HumanRequest.objects.filter(pk=link.request_id) if link else HumanRequest.objects.none()
    return requests.values_list("team_id", flat=True).first()


@require_http_methods(["GET", "POST"])
@team_page(post=OPERATOR, team_of=_team)
def answer_link(request: TeamRequest, token: str) -> HttpResponseBase:
    """Show the request to the member that the link was made for, and take their answer. Looking changes nothing: the
    programs that check emails open their links.
    """
    link = read_link(token)
    questions = HumanRequest.objects.select_related("run__agent", "run__case", "answered_by")
    question = questions.filter(pk=link.request_id, team=request.team).first() if link else None
    if link is None or question is None:
        return render(request, "runs/answer_refused.html", {"why": "gone"}, status=404)
    if request.member.pk != link.member_id:
        return render(request, "runs/answer_refused.html", {"why": "another"}, status=403)
    if question.status == HumanRequest.Status.OPEN and question.fingerprint != link.shown:
        return render(request, "runs/answer_refused.html", {"why": "changed", "question": question}, status=409)
    answered = respond(question, request.POST, request.actor, "email") if request.method == "POST" else None
    found = answered or Answered(question, "")
    of = found.question.run.case
    case = of if of and not of.deleted_at else None
    context = {
        "question": found.question,
        "typed": found.typed if found.refused else "",
        "refused": found.refused,
        "answer_at": request.path,
        "case": case,
        "message": message_of(case.data) if case else None,
    }
    template = "runs/question.html#question" if "HX-Request" in request.headers else "runs/answer_link.html"
    return render(request, template, context, status=found.status)
