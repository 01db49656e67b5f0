import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from builder.agents.connections import connect
from cases.models import Case, Kind
from cases.timeline import timeline
from cases.work.schemas import case_details
from runs.models import Run
from runs.people import moves
from teams.audit.actors import BATON
from tests.fixtures import events, take

from .conftest import Caller, problem

pytestmark = pytest.mark.django_db


def test_a_case_is_added_to_a_queue(api: Caller, queue, make_agent) -> None:
    agent = make_agent("Triage", queue=queue)
    body = {
        "title": "Charged  twice",
        "data": {"customer": "Ada", "amount": 12.5},
        "priority": "high",
        "labels": ["mail", "billing", "mail"],
        "external_id": "mail-1",
        "assignee_id": str(agent.pk),
    }
    response = api.post(f"/queues/{queue.pk}/cases", body)
    made = response.json()
    assert response.status_code == 201
    assert made["existing"] is False
    assert (made["number"], made["title"], made["priority"]) == (1, "Charged twice", "high")
    assert (made["data"], made["labels"]) == (body["data"], ["billing", "mail"])
    assert (made["status"], made["reason"], made["queue"]["name"]) == ("pending", None, "Support")
    assert made["assignee"] == {"id": str(agent.pk), "name": "Triage"}
    shown = api.get(f"/cases/{made['id']}").json()
    assert {**made, "existing": 0} == {name: shown[name] for name in made if name != "existing"} | {"existing": 0}
    assert (shown["stages"], shown["events_truncated"]) == ([], False)
    assert [(row["kind"], row["actor"]) for row in shown["events"]] == [("created", "API key Tests")]


def test_many_cases_are_added_at_once(api: Caller, queue) -> None:
    response = api.post(f"/queues/{queue.pk}/cases", {"cases": [{"title": "a"}, {"title": "b", "data": "text"}]})
    assert response.status_code == 201
    assert [(row["number"], row["title"], row["data"]) for row in response.json()["cases"]] == [
        (1, "a", {}),
        (2, "b", "text"),
    ]


def test_a_thousand_cases_take_as_few_queries_as_two(api: Caller, queue, django_assert_max_num_queries) -> None:
    with django_assert_max_num_queries(25):
        response = api.post(f"/queues/{queue.pk}/cases", {"cases": [{"title": f"case {n}"} for n in range(1000)]})
    assert len(response.json()["cases"]) == 1000
    problem(api.post(f"/queues/{queue.pk}/cases", {"cases": [{"title": "a"}] * 1001}), 422)
    problem(api.post(f"/queues/{queue.pk}/cases", {"cases": []}), 422)


def test_one_wrong_case_keeps_all_out(api: Caller, queue) -> None:
    body = {"cases": [{"title": "a"}, {"title": " "}, {"title": "c", "labels": ["x", "\x00"], "priority": "urgent"}]}
    error = problem(api.post(f"/queues/{queue.pk}/cases", body), 422, "invalid")
    assert set(error["fields"]) == {"cases.1.title", "cases.2.labels.1", "cases.2.priority"}
    assert not Case.objects.exists()


def test_what_only_the_queue_knows_is_said_by_item_and_field(api: Caller, queue, make_agent) -> None:
    at, idle, worker = f"/queues/{queue.pk}/cases", make_agent("Idle"), make_agent("Busy", queue=queue)
    api.post(at, {"title": "Refund", "external_id": "mail-1"})
    cases = [{"title": "a"}, {"title": "Else", "external_id": "mail-1"}, {"title": "c", "external_id": "mail-1"}]
    error = problem(api.post(at, {"cases": cases}), 409, "external_id_conflict")
    assert set(error["fields"]) == {"cases.1.external_id", "cases.2.external_id"}
    assert error["message"].startswith("Nothing was added")
    cases = [{"title": "a", "assignee_id": str(agent.pk)} for agent in (worker, idle)]
    error = problem(api.post(at, {"cases": cases}), 422, "not_a_consumer")
    assert error["fields"] == {"cases.1.assignee_id": "Idle does not work the queue Support."}
    assert Case.objects.count() == 1


def test_a_repeated_batch_makes_nothing_twice(api: Caller, queue) -> None:
    batch = {"cases": [{"title": f"Mail {n}", "data": {"n": n}, "external_id": f"mail-{n}"} for n in range(1000)]}
    first = api.post(f"/queues/{queue.pk}/cases", batch)
    again = api.post(f"/queues/{queue.pk}/cases", batch)
    assert (first.status_code, again.status_code) == (201, 200)
    assert [row["id"] for row in again.json()["cases"]] == [row["id"] for row in first.json()["cases"]]
    assert Case.objects.count() == 1000


def test_too_much_and_too_deep_are_refused(api: Caller, queue) -> None:
    at, deep = f"/queues/{queue.pk}/cases", b"[" * 101 + b"]" * 101
    problem(api.post(at, b'{"title": "a", "data": ' + deep + b"}"), 400)
    problem(api.post(at, {"cases": [{"title": "a", "data": "x" * 200_000}] * 20}), 413, "too_large")
    assert not Case.objects.exists()


def test_the_same_request_makes_one_case(api: Caller, queue) -> None:
    body = {"title": "Refund", "data": {"n": 1}, "external_id": "mail-1"}
    first = api.post(f"/queues/{queue.pk}/cases", body)
    again = api.post(f"/queues/{queue.pk}/cases", body)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json() | {"existing": True}
    mixed = api.post(f"/queues/{queue.pk}/cases", {"cases": [body, {"title": "New"}]})
    assert mixed.status_code == 201
    assert [row["existing"] for row in mixed.json()["cases"]] == [True, False]
    error = problem(api.post(f"/queues/{queue.pk}/cases", body | {"title": "Else"}), 409, "external_id_conflict")
    assert set(error["fields"]) == {"external_id"}


def test_a_case_that_was_deleted_is_not_added_again(api: Caller, queue) -> None:
    body = {"title": "Refund", "external_id": "mail-1"}
    made = api.post(f"/queues/{queue.pk}/cases", body).json()
    api.delete(f"/cases/{made['id']}")
    again = api.post(f"/queues/{queue.pk}/cases", body)
    assert (again.status_code, again.json()["id"]) == (200, made["id"])


def test_a_null_character_is_stored_visibly_in_data_and_refused_elsewhere(api: Caller, queue) -> None:
    made = api.post(f"/queues/{queue.pk}/cases", {"title": "a", "data": {"x\x00": ["\x00"]}}).json()
    assert made["data"] == {"x\N{REPLACEMENT CHARACTER}": ["\N{REPLACEMENT CHARACTER}"]}
    for field in ("title", "external_id"):
        body = {"title": "a", field: "b\x00c"}
        assert set(problem(api.post(f"/queues/{queue.pk}/cases", body), 422)["fields"]) == {field}


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"data": {"text": "x" * 300_000}}, "data"),
        ({"labels": [f"label {n}" for n in range(21)]}, "labels"),
        ({"postpone_until": "2030-01-01T00:00:00"}, "postpone_until"),
        ({"postpone_until": "9999-12-31T23:59:59-12:00"}, "postpone_until"),
        ({"assignee_id": "Triage"}, "assignee_id"),
        ({"status": "completed"}, "status"),
    ],
)
def test_what_a_case_cannot_have_is_refused_by_field(api: Caller, queue, wrong: dict[str, object], field: str) -> None:
    error = problem(api.post(f"/queues/{queue.pk}/cases", {"title": "a"} | wrong), 422, "invalid")
    assert set(error["fields"]) == {field}


def test_a_number_beyond_all_numbers_is_refused(api: Caller, queue) -> None:
    problem(api.post(f"/queues/{queue.pk}/cases", b'{"title": "a", "data": [1e999]}'), 400)


def test_data_may_be_deep_and_null(api: Caller, queue) -> None:
    deep = b"[" * 99 + b"]" * 99
    assert api.post(f"/queues/{queue.pk}/cases", b'{"title": "a", "data": ' + deep + b"}").status_code == 201
    assert api.post(f"/queues/{queue.pk}/cases", {"title": "a", "data": None}).json()["data"] == {}


def test_the_assignee_must_work_the_queue(api: Caller, queue, make_agent, strangers) -> None:
    idle, theirs = make_agent(), make_agent(of=strangers)
    at = f"/queues/{queue.pk}/cases"
    error = problem(api.post(at, {"title": "a", "assignee_id": str(idle.pk)}), 422, "not_a_consumer")
    assert set(error["fields"]) == {"assignee_id"}
    for id in (theirs.pk, uuid.uuid4()):
        error = problem(api.post(at, {"title": "a", "assignee_id": str(id)}), 404, "not_found")
        assert set(error["fields"]) == {"assignee_id"}


def test_a_case_may_wait_before_its_first_agent(api: Caller, queue) -> None:
    until = timezone.now() + timedelta(hours=1)
    made = api.post(f"/queues/{queue.pk}/cases", {"title": "a", "postpone_until": until.isoformat()}).json()
    assert made["status"] == "postponed"
    assert made["postpone_until"][:19] == until.isoformat()[:19]


def test_a_change_is_an_event_with_the_old_and_the_new(api: Caller, make_case) -> None:
    case = make_case("Old", data={"a": 1})
    shown = api.patch(f"/cases/{case.pk}", {"title": "New", "data": {"a": 2}, "priority": "medium", "labels": ["x"]})
    body = shown.json()
    assert (body["title"], body["data"], body["priority"], body["labels"]) == ("New", {"a": 2}, "medium", ["x"])
    assert body["events"][-1]["data"]["changes"]["title"] == {"old": "Old", "new": "New"}
    assert body["events"][-1]["actor"] == "API key Tests"
    same = api.patch(f"/cases/{case.pk}", {"title": "New"}).json()
    assert len(same["events"]) == len(body["events"])


@pytest.mark.parametrize(
    "wrong", [{"title": ""}, {"labels": [""]}, {"priority": "x"}, {"number": 2}, {"title": "\x00"}]
)
def test_a_wrong_change_changes_nothing(api: Caller, make_case, wrong: dict[str, object]) -> None:
    case = make_case()
    problem(api.patch(f"/cases/{case.pk}", {"data": "other"} | wrong), 422)
    assert events(case) == ["created"]


def test_stages_say_who_had_the_case(api: Caller, queue, make_agent, make_case) -> None:
    agent, case = make_agent("Triage", queue=queue), make_case()
    take()
    [stage] = api.get(f"/cases/{case.pk}").json()["stages"]
    run = Run.objects.get()
    assert (stage["agent_id"], stage["agent_name"], stage["run_id"]) == (str(agent.pk), "Triage", str(run.pk))
    assert (stage["revision"], stage["outcome"], stage["ended_at"]) == (1, None, None)
    assert stage["waited_s"] >= 0
    api.post(f"/cases/{case.pk}/complete", {"summary": "Done by hand."})
    [stage] = api.get(f"/cases/{case.pk}").json()["stages"]
    assert stage["outcome"] == "completed"
    assert stage["ended_at"]


def test_a_case_is_told_as_it_was_when_it_was_read(make_case) -> None:
    as_read = make_case("Charged twice")
    moves.complete(Case.objects.get(pk=as_read.pk), "Done", BATON)
    told = case_details(as_read)
    assert (told.status, [event.kind for event in told.events]) == ("pending", ["created"])


def test_a_case_shows_its_last_events_and_lists_all(api: Caller, make_case) -> None:
    case = make_case()
    for number in range(250):
        timeline.record(case, Kind.UPDATED, text=str(number))
    shown = api.get(f"/cases/{case.pk}").json()
    assert shown["events_truncated"] is True
    assert [row["seq"] for row in shown["events"]] == list(range(52, 252))
    first = api.get(f"/cases/{case.pk}/events", limit=100).json()
    assert [row["seq"] for row in first["items"]] == list(range(1, 101))
    last = api.get(f"/cases/{case.pk}/events", limit=100, cursor=first["next_cursor"]).json()
    assert [row["seq"] for row in last["items"]] == list(range(101, 201))


def test_people_move_a_case_and_its_run_stops(api: Caller, queue, make_agent, make_case) -> None:
    make_agent(queue=queue)
    case = make_case()
    take()
    until = (timezone.now() + timedelta(days=1)).isoformat()
    shown = api.post(f"/cases/{case.pk}/postpone", {"until": until}).json()
    assert shown["status"] == "postponed"
    assert Run.objects.get().status == "stopped"
    assert api.post(f"/cases/{case.pk}/complete").json()["status"] == "completed"
    assert api.post(f"/cases/{case.pk}/reprocess").json()["status"] == "pending"
    failed = api.post(f"/cases/{case.pk}/fail", {"reason": "Nobody can."}).json()
    assert (failed["status"], failed["detail"]) == ("failed", "Nobody can.")
    assert failed["events"][-1]["actor"] == "API key Tests"


def test_a_move_that_makes_no_sense_is_a_conflict(api: Caller, make_case) -> None:
    case = make_case()
    api.post(f"/cases/{case.pk}/complete", {})
    problem(api.post(f"/cases/{case.pk}/fail", {}), 409, "illegal_move")
    past = (timezone.now() - timedelta(days=1)).isoformat()
    assert set(problem(api.post(f"/cases/{case.pk}/postpone", {"until": past}), 422)["fields"]) == {"until"}
    assert "reason" in problem(api.post(f"/cases/{case.pk}/fail", {"reason": "\x00"}), 422)["fields"]


def test_a_case_is_sent_to_one_agent(api: Caller, queue, make_agent, make_case, strangers) -> None:
    case, agent, idle = make_case(), make_agent("Billing", queue=queue), make_agent()
    shown = api.post(f"/cases/{case.pk}/reprocess", {"assignee_id": str(agent.pk)}).json()
    assert shown["assignee"]["name"] == "Billing"
    for id, status in ((idle.pk, 422), (make_agent(of=strangers).pk, 404), (uuid.uuid4(), 404)):
        error = problem(api.post(f"/cases/{case.pk}/reprocess", {"assignee_id": str(id)}), status)
        assert set(error["fields"]) == {"assignee_id"}
    connect(agent, [])
    problem(api.post(f"/cases/{case.pk}/reprocess", {"assignee_id": str(agent.pk)}), 422, "not_a_consumer")


def test_a_deleted_case_is_gone(api: Caller, make_case) -> None:
    case = make_case()
    assert api.delete(f"/cases/{case.pk}").status_code == 204
    for response in (api.get(f"/cases/{case.pk}"), api.delete(f"/cases/{case.pk}"), api.patch(f"/cases/{case.pk}", {})):
        problem(response, 404)
    assert api.get("/cases").json()["items"] == []


def test_cases_are_found(api: Caller, queue, make_queue, make_agent, make_case) -> None:
    agent = make_agent(queue=queue)
    elsewhere = make_case("Elsewhere", in_queue=make_queue(), external_id="x-1")
    late = make_case("Refund", assignee=agent)
    make_case("Login broken")
    api.post(f"/cases/{late.pk}/complete")

    def found(**wanted: object) -> list[str]:
        return [row["title"] for row in api.get("/cases", **wanted).json()["items"]]

    assert found() == ["Login broken", "Refund", "Elsewhere"]
    assert found(status="completed") == ["Refund"]
    assert found(q="login") == ["Login broken"]
    assert found(q=f"#{elsewhere.number}") == ["Elsewhere"]
    assert found(external_id="x-1") == ["Elsewhere"]
    assert found(agent_id=agent.pk) == ["Refund"]
    assert found(queue_id=elsewhere.queue_id) == ["Elsewhere"]
    assert found(worked_by=agent.pk) == []
    assert found(needs_person=True) == []
    assert found(reason="loop") == []
    assert found(priority="none", sort="oldest") == ["Elsewhere", "Refund", "Login broken"]
    assert found(added_after=(timezone.now() + timedelta(hours=1)).isoformat()) == []
    assert found(added_before=(timezone.now() + timedelta(hours=1)).isoformat()) == found()
    assert found(label="mail") == []
    api.patch(f"/cases/{late.pk}", {"labels": ["mail"]})
    assert found(label="mail") == ["Refund"]
    first = api.get("/cases", sort="moved", limit=1).json()
    assert len(api.get("/cases", sort="moved", cursor=first["next_cursor"]).json()["items"]) == 2
    problem(api.get("/cases", sort="oldest", cursor=first["next_cursor"]), 422, "invalid")
    assert len(api.get(f"/queues/{queue.pk}/cases").json()["items"]) == 2
    problem(api.get("/cases", status="open"), 422)
