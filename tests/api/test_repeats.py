"""Requests that are sent twice, with an Idempotency-Key."""

import json
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test import RequestFactory
from django.utils import timezone
from ninja import Router

from builder.models import Agent
from cases.models import Attachment, Case, Label, Queue
from teams.keys import idempotency
from teams.keys.api import Api, KeyRequest, Scope, TeamKey
from teams.keys.api_keys import create_key
from teams.models import KeptAnswer, Team, Webhook
from tests.fixtures import Make
from tests.responses import Response
from tests.tool_server import ToolServer as RealServer
from tests.tool_server import tool_server

from .conftest import Caller, problem

__all__ = ["tool_server"]

pytestmark = pytest.mark.django_db


def send(api: Caller, path: str, body: Any = None, *, name: str = "one", method: str = "POST") -> Response:
    raw = b"" if body is None else json.dumps(body).encode()
    return api.client.generic(method, f"/api/v1{path}", raw, "application/json", headers={"Idempotency-Key": name})


def test_the_second_request_gets_the_answer_of_the_first(api: Caller, queue: Queue) -> None:
    first, second = (send(api, f"/queues/{queue.pk}/cases", {"title": "Lamp"}) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content
    assert first["Content-Type"] == second["Content-Type"]
    assert ("Idempotency-Replayed" in first, second["Idempotency-Replayed"]) == (False, "true")
    assert Case.objects.count() == 1


def test_another_name_or_another_key_is_another_request(
    api: Caller, make_caller: Callable[[Team], Caller], team: Team, queue: Queue
) -> None:
    path = f"/queues/{queue.pk}/cases"
    for caller, name in [(api, "one"), (api, "two"), (make_caller(team), "one")]:
        assert "Idempotency-Replayed" not in send(caller, path, {"title": "Lamp"}, name=name)
    assert Case.objects.count() == 3


def test_the_same_name_with_another_body_is_refused(api: Caller, queue: Queue) -> None:
    send(api, f"/queues/{queue.pk}/cases", {"title": "Lamp"})
    refused = send(api, f"/queues/{queue.pk}/cases", {"title": "Chair"})
    assert "another request" in problem(refused, 422, "idempotency_key_reused")["message"]
    assert Case.objects.count() == 1


def test_the_same_name_with_another_query_is_refused(api: Caller, make_agent: Make[Agent]) -> None:
    agent, replacement = make_agent(), make_agent()
    assert send(api, f"/agents/{agent.pk}", method="DELETE").status_code == 204
    refused = send(api, f"/agents/{agent.pk}?replacement_id={replacement.pk}", method="DELETE")
    problem(refused, 422, "idempotency_key_reused")


def test_quotes_around_the_name_mean_nothing(api: Caller, queue: Queue) -> None:
    send(api, f"/queues/{queue.pk}/cases", {"title": "Lamp"})
    assert send(api, f"/queues/{queue.pk}/cases", {"title": "Lamp"}, name='"one"')["Idempotency-Replayed"]


@pytest.mark.parametrize("name", ["", " ", "ä", "two words", '"', "x" * 256])
def test_a_name_that_cannot_be_one_is_refused(api: Caller, queue: Queue, name: str) -> None:
    problem(send(api, f"/queues/{queue.pk}/cases", {"title": "Lamp"}, name=name), 400, "bad_request")
    assert not Case.objects.exists()


def test_reading_keeps_nothing(api: Caller) -> None:
    assert send(api, "/agents", method="GET").status_code == 200
    assert not KeptAnswer.objects.exists()


def test_a_refusal_is_an_answer_too(api: Caller, make_agent: Make[Agent]) -> None:
    make_agent("Triage")
    first = problem(send(api, "/agents", {"name": "Triage"}), 409, "name_taken")
    Agent.objects.all().delete()
    again = send(api, "/agents", {"name": "Triage"})
    assert problem(again, 409, "name_taken") == first
    assert again["Idempotency-Replayed"] == "true"


def test_changes_and_deletions_can_be_repeated_too(api: Caller, make_agent: Make[Agent]) -> None:
    agent = make_agent("Triage")
    for method, body, status in [("PATCH", {"aop": "New"}, 200), ("DELETE", None, 204)]:
        answers = [send(api, f"/agents/{agent.pk}", body, name=method, method=method) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [status, status]
        assert answers[0].content == answers[1].content


def test_who_may_not_do_it_is_told_so_and_nothing_is_kept(team: Team, queue: Queue) -> None:
    reader = Caller(create_key(team, "Reader", ["read"])[1])
    problem(send(reader, f"/queues/{queue.pk}/cases", {"title": "Lamp"}), 403)
    assert not KeptAnswer.objects.exists()


def test_an_error_of_our_own_is_not_kept_and_nothing_of_it_stays(team: Team) -> None:
    key, secret = create_key(team, "Program")
    router = Router()

    @router.post("/", auth=TeamKey(Scope.ADMIN))
    def broken(request: KeyRequest) -> None:
        Label.objects.create(team=request.auth.team, name="Half done")
        raise RuntimeError

    api = Api(title="Broken", urls_namespace="broken-repeats")
    api.add_router("", router)
    view = next(pattern.callback for pattern in api.urls[0] if pattern.name == "broken")
    headers = {"authorization": f"Bearer {secret}", "idempotency-key": "one"}
    assert view
    assert view(RequestFactory().post("/", content_type="application/json", headers=headers)).status_code == 500
    assert not Label.objects.exists()
    assert not KeptAnswer.objects.filter(api_key=key).exists()


def test_secrets_in_answers_are_kept_sealed(api: Caller) -> None:
    wanted = {"url": "https://example.com/", "events": ["case.created"]}
    first, second = (send(api, "/webhooks", wanted) for _ in range(2))
    assert first.json()["secret"] == second.json()["secret"]
    assert Webhook.objects.count() == 1
    assert first.json()["secret"] not in KeptAnswer.objects.get().body


def test_a_body_that_cannot_be_read_any_more_is_not_done_again(api: Caller, queue: Queue, settings) -> None:
    send(api, f"/queues/{queue.pk}/cases", {"title": "Lamp"})
    KeptAnswer.objects.update(body="sealed with a lost key")
    problem(send(api, f"/queues/{queue.pk}/cases", {"title": "Lamp"}), 409, "answer_unreadable")
    assert Case.objects.count() == 1


def test_files_that_are_sent_again_are_attached_once(api: Caller, make_case: Make[Case]) -> None:
    case = make_case()

    def attach(text: bytes) -> Response:
        # The test client wraps them the same way each time; programs do not.
        files = {"files": SimpleUploadedFile("note.txt", text)}
        path = f"/api/v1/cases/{case.pk}/attachments"
        return api.client.post(path, files, headers={"Idempotency-Key": "one"})

    assert [attach(b"Hello").status_code for _ in range(2)] == [201, 201]
    problem(attach(b"Bye"), 422, "idempotency_key_reused")
    assert [row.file.read() for row in Attachment.objects.all()] == [b"Hello"]


def test_an_mcp_server_is_asked_and_added_once(api: Caller, tool_server: RealServer) -> None:
    wanted = {"name": "Bank", "url": tool_server.url}
    first = send(api, "/mcp-servers", wanted)
    asked = len(tool_server.methods)
    second = send(api, "/mcp-servers", wanted)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content
    assert len(tool_server.methods) == asked


def test_after_a_day_a_name_is_free_again(api: Caller, queue: Queue) -> None:
    send(api, f"/queues/{queue.pk}/cases", {"title": "Lamp"})
    KeptAnswer.objects.update(created_at=timezone.now() - timedelta(hours=25))
    assert "Idempotency-Replayed" not in send(api, f"/queues/{queue.pk}/cases", {"title": "Chair"})
    assert KeptAnswer.objects.count() == 1
    KeptAnswer.objects.update(created_at=timezone.now() - timedelta(hours=25))
    idempotency.forget_old()
    assert not KeptAnswer.objects.exists()


# --- Side by side, and killed ----------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_of_eight_at_once_one_is_done(api: Caller, queue: Queue) -> None:
    start = threading.Barrier(8)

    def post(_: int) -> Response:
        start.wait(60)
        try:
            return send(api, f"/queues/{queue.pk}/cases", {"title": "Lamp"})
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(post, range(8)))
    assert {answer.status_code for answer in answers} <= {201, 409}
    done = [answer for answer in answers if answer.status_code == 201]
    assert done
    assert len({answer.content for answer in done}) == 1
    for answer in answers:
        if answer.status_code == 409:
            problem(answer, 409, "idempotency_key_in_use")
            assert answer["Retry-After"] == "1"
    assert Case.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_request_that_is_killed_leaves_nothing(api: Caller, team: Team, queue: Queue) -> None:
    path, body, answers = f"/queues/{queue.pk}/cases", {"title": "Lamp"}, []

    def post() -> None:
        answers.append(send(api, path, body))
        connection.close()

    first = threading.Thread(target=post)
    with transaction.atomic():
        Team.objects.select_for_update().get(pk=team.pk)  # so that it has to wait in the midst of its work
        first.start()
        process = _waits_for_us()
        problem(send_elsewhere(api, path, body), 409, "idempotency_key_in_use")
        with connection.cursor() as cursor:
            cursor.execute("select pg_terminate_backend(%s)", [process])
        first.join(10)
    assert [answer.status_code for answer in answers] == [503]
    assert not Case.objects.exists()
    assert not KeptAnswer.objects.exists()
    assert send(api, path, body).status_code == 201


def send_elsewhere(api: Caller, path: str, body: Any) -> Response:
    """On a connection of its own."""

    def post() -> Response:
        try:
            return send(api, path, body)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(post).result(10)


def _waits_for_us() -> int:
    """The process of the database that waits for a lock of ours."""
    for _ in range(500):
        with connection.cursor() as cursor:
            cursor.execute(
                "select pid from pg_locks where not granted and pg_backend_pid() = any(pg_blocking_pids(pid))"
            )
            if found := cursor.fetchone():
                return int(found[0])
        time.sleep(0.01)
    raise AssertionError("Nobody waits.")
