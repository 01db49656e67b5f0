"""The address of a hook, to which any system sends."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from channels.models import Arrival, Source
from channels.sources import sources
from data.errors import Refused
from data.texts.text import storable
from teams.keys.problems import problem
from teams.sign_in.attempts import TooManyAttempts, guess

from .intake import LIMIT, is_from_its_sender, read_message


@csrf_exempt
@require_POST
def receive(request: HttpRequest, token: str) -> HttpResponse:
    """Answer 202 with the case, also to a repeated message. Nothing of a sender that is not known is kept."""
    source = Source.objects.present().select_related("team", "queue").filter(token=token).first()
    if source is None:
        return problem(404, "not_found", "There is no such hook.")
    if int(request.headers.get("content-length") or 0) > LIMIT or len(request.body) > LIMIT:
        return problem(413, "too_large", "A message can hold 256 kB at most.")
    if not is_from_its_sender(request, source):
        return _unknown(request)
    if source.is_paused:
        answer = problem(503, "paused", "This hook is paused. Send the message again later.")
        answer["Retry-After"] = "300"
        return answer
    try:
        message = read_message(request)
    except Refused as refusal:
        return problem(415 if refusal.code == "unsupported_media_type" else 422, refusal.code, refusal.message)
    return _answer(sources.receive(source, sources.Message(storable(message.content), message.id)))


def _unknown(request: HttpRequest) -> HttpResponse:
    try:
        guess(request, "hook")
    except TooManyAttempts as many:
        answer = problem(429, "too_many_attempts", str(many))
        answer["Retry-After"] = str(many.minutes * 60)
        return answer
    return problem(401, "unauthorized", "The secret or the signature is wrong.")


def _answer(arrival: Arrival) -> HttpResponse:
    if arrival.case is None:
        return problem(422, "invalid", arrival.error)
    existing = arrival.status == Arrival.Status.REPEATED
    return JsonResponse(
        {"case_id": str(arrival.case_id), "number": arrival.case.number, "existing": existing}, status=202
    )
