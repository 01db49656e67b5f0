"""Requests that are sent twice: with an `Idempotency-Key` the second one does nothing and gets the answer of the first.

The answer is kept in the transaction of what the request did, so that there is never one without the other, and under
a lock that PostgreSQL gives up itself when the process dies.
"""

import hashlib
import re
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta

from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils import timezone

from data.secrets import Unreadable, seal, unseal
from data.threads import BackgroundTask
from data.tidying import delete_old
from teams.models import ApiKey, KeptAnswer

from .problems import Answered, Unstorable, problem

HEADER = "Idempotency-Key"
KEPT = timedelta(hours=24)
# The draft of the header has it in quotes, most programs send it without.
_NAME = re.compile(r'"?([\x21\x23-\x7e]{1,255})"?')


class Once:
    """A request on its way to its answer; without the header nothing of this does anything."""

    def __init__(self, request: HttpRequest, stack: ExitStack) -> None:
        self._request, self._stack = request, stack
        self._row: KeptAnswer | None = None
        self._holds = False

    def begin(self, key: ApiKey, *, later: bool) -> None:
        """When the key is known. `later`: the operation calls `hold` itself, after it has asked an outside service."""
        name = self._request.headers.get(HEADER)
        if name is None or self._request.method == "GET":
            return
        found = _NAME.fullmatch(name.strip())
        if found is None:
            raise Answered(problem(400, "bad_request", f"{HEADER} takes 1 to 255 letters, digits and signs."))
        self._row = KeptAnswer(api_key=key, name=found[1], request=_digest(self._request))
        if later:
            self._look()
        else:
            self.hold()

    def hold(self) -> None:
        """From here on everything is one transaction, and no other request with this key runs at the same time."""
        if self._row is None:
            return
        self._stack.enter_context(transaction.atomic())
        if not _lock(self._row):
            message = f"A request with this {HEADER} is being worked on. Please send it again in a moment."
            answer = problem(409, "idempotency_key_in_use", message)
            answer["Retry-After"] = "1"
            raise Answered(answer)
        self._look()
        self._holds = True

    def end(self, response: HttpResponseBase) -> None:
        if self._row is None or not self._holds or not isinstance(response, HttpResponse):
            return
        if response.status_code >= 500 or isinstance(response, Unstorable):
            transaction.set_rollback(True)
            return
        KeptAnswer.objects.filter(api_key=self._row.api_key, name=self._row.name).delete()  # one that is too old
        self._row.status = response.status_code
        self._row.body = seal(response.content.decode())
        self._row.save(force_insert=True)

    def _look(self) -> None:
        """Answer as before, if the key was answered before."""
        assert self._row
        alike = KeptAnswer.objects.filter(api_key=self._row.api_key, name=self._row.name)
        kept = alike.filter(created_at__gt=timezone.now() - KEPT).first()
        if kept is None:
            return
        if kept.request != self._row.request:
            message = f"This {HEADER} was sent with another request. Please use a new one for each request."
            raise Answered(problem(422, "idempotency_key_reused", message, {HEADER: message}))
        raise Answered(_again(kept))


def answer(request: HttpRequest, view: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    """Return what `view` answers, kept with what it did, if it is to be."""
    with ExitStack() as stack:
        once = Once(request, stack)
        request.once = once  # type: ignore[attr-defined]
        response = view()
        once.end(response)
    return response


def _again(kept: KeptAnswer) -> HttpResponse:
    try:
        body = unseal(kept.body)
    except Unreadable:
        return problem(409, "answer_unreadable", "This was done before, but its answer cannot be read any more.")
    again = HttpResponse(body, "application/json; charset=utf-8", kept.status)
    again["Idempotency-Replayed"] = "true"
    return again


def _lock(row: KeptAnswer) -> bool:
    """Lock the key until the transaction ends. Return False if another request holds it."""
    digest = hashlib.sha256(f"{row.api_key_id} {row.name}".encode()).digest()
    with connection.cursor() as cursor:
        cursor.execute("select pg_try_advisory_xact_lock(%s)", [int.from_bytes(digest[:8], signed=True)])
        return bool(cursor.fetchone()[0])


def _digest(request: HttpRequest) -> str:
    """Of all that the request says. Of files what they are, as their wrapping is another one each time."""
    digest = hashlib.sha256(f"{request.method} {request.get_full_path()}\n".encode())
    if request.content_type != "multipart/form-data":
        digest.update(request.body)
        return digest.hexdigest()
    for field, files in sorted(request.FILES.lists()):
        for file in files:
            digest.update(repr((field, file.name, file.size)).encode())
            for chunk in file.chunks():
                digest.update(chunk)
            file.seek(0)
    return digest.hexdigest()


def background_task() -> BackgroundTask:
    """Return the clock's task, which only tidies up."""
    return BackgroundTask("kept answers", tidy=forget_old)


def forget_old() -> bool:
    return delete_old(KeptAnswer.objects.filter(created_at__lt=timezone.now() - KEPT))
