"""The address of a hook, to which any system sends."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from channels.email import intake as emails
from channels.mime import reading
from channels.models import Arrival, Source
from channels.sources import sources
from data.errors import Refused
from data.texts.text import storable
from teams.keys.problems import problem
from teams.sign_in.attempts import TooManyAttempts, guess

from .intake import LIMIT, email_of, is_from_its_sender, may_be_email, read_message


@csrf_exempt
@require_POST
def receive(request: HttpRequest, token: str) -> HttpResponse:
    """Answer 202 with the case, also to a repeated message. Nothing of a sender that is not known is kept."""
    hooks = Source.objects.present().filter(kind=Source.Kind.HOOK)
    source = hooks.select_related("team", "queue").filter(token=token).first()
    if source is None:
        return problem(404, "not_found", "There is no such hook.")
    limit, words = LIMIT, "A message can hold 256 kB"
    if may_be_email(request):
        limit, words = reading.LIMIT, "An email can hold 50 MB"
    # Read by hand: Django allows less of what is no file.
    body = request.read(limit + 1)
    if len(body) > limit:
        return problem(413, "too_large", f"{words} at most.")
    if not is_from_its_sender(request, source, body):
        return _unknown(request)
    if source.is_paused:
        answer = problem(503, "paused", "This hook is paused. Send the message again later.")
        answer["Retry-After"] = "300"
        return answer
    try:
        return _answer(_take(request, source, body))
    except Refused as refusal:
        return problem(415 if refusal.code == "unsupported_media_type" else 422, refusal.code, refusal.message)


def _take(request: HttpRequest, source: Source, body: bytes) -> Arrival:
    if may_be_email(request):
        return emails.take_in(source, email_of(request, body))
    message = read_message(request, body)
    return sources.receive(source, sources.Message(storable(message.content), message.id))


def _unknown(request: HttpRequest) -> HttpResponse:
    try:
        guess(request, "hook")
    except TooManyAttempts as many:
        answer = problem(429, "too_many_attempts", str(many))
        answer["Retry-After"] = str(many.minutes * 60)
        return answer
    return problem(401, "unauthorized", "The secret or the signature is wrong.")


def _answer(arrival: Arrival) -> HttpResponse:
    if arrival.status in (Arrival.Status.WAITING, Arrival.Status.IGNORED):
        # The sender has done all it can: it must not send the email again.
        return JsonResponse({"case_id": None, "number": None, "existing": False, "status": arrival.status}, status=202)
    if arrival.case is None:
        return problem(422, "invalid", arrival.error)
    existing = arrival.status == Arrival.Status.REPEATED
    return JsonResponse(
        {"case_id": str(arrival.case_id), "number": arrival.case.number, "existing": existing}, status=202
    )
