from datetime import timedelta

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from builder.agents.agents import delete_agent, pause_agent
from builder.agents.connections import connect
from builder.models import Agent
from cases.models import Case, Queue
from cases.queues.queue_stats import HEIGHT, flows
from cases.queues.queues import pause_queue
from cases.queues.status_summary import MOST_COUNTED, counted
from cases.work.queries import case_counts
from runs.people.moves import complete
from teams.audit.actors import Actor
from tests.fixtures import Make, take
from tests.responses import Response

pytestmark = pytest.mark.django_db


def address(name: str, queue: Queue) -> str:
    return reverse(name, args=[queue.pk])


def text(response: Response) -> str:
    return " ".join(response.content.decode().split())


def messages_of(response: Response) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def test_the_list_shows_each_queue_with_its_agents_and_cases(
    signed_in: Client, queue: Queue, make_agent: Make[Agent], make_case: Make[Case]
) -> None:
    triage = make_agent("Triage", queue=queue)
    make_case()
    make_case()
    take()
    page = text(signed_in.get(reverse("queues")))
    assert reverse("agent", args=[triage.pk]) in page
    assert "1 pending" in page
    assert f"{address('queue', queue)}?status=in_progress" in page


def test_the_list_is_searched_by_name_and_description(signed_in: Client, queue: Queue, make_queue: Make[Queue]) -> None:
    make_queue("Returns", description="Parcels from Support")
    make_queue("Invoices")
    page = text(signed_in.get(reverse("queues"), {"q": "SUPPORT"}))
    assert "Returns" in page
    assert address("queue", queue) in page
    assert "Invoices" not in page
    assert "No matching queues" in text(signed_in.get(reverse("queues"), {"q": "nothing\x00"}))


def test_the_list_does_not_show_other_teams(signed_in: Client, make_queue: Make[Queue], make_team) -> None:
    make_queue("Theirs", of=make_team())
    assert "Theirs" not in text(signed_in.get(reverse("queues")))


def test_many_queues_make_pages(signed_in: Client, make_queue: Make[Queue]) -> None:
    for number in range(51):
        make_queue(f"Line {number:02}")
    assert "Older" in text(signed_in.get(reverse("queues")))


def test_the_list_needs_no_more_queries_for_more_queues(
    signed_in: Client,
    make_queue: Make[Queue],
    make_agent: Make[Agent],
    make_case: Make[Case],
    django_assert_num_queries,
    django_assert_max_num_queries,
) -> None:
    def add() -> None:
        queue = make_queue()
        make_agent(queue=queue)
        make_case(in_queue=queue)

    add()
    with django_assert_max_num_queries(14) as first:
        signed_in.get(reverse("queues"))
    for _ in range(5):
        add()
    with django_assert_num_queries(len(first)):
        signed_in.get(reverse("queues"))


def test_the_list_says_what_keeps_a_queue_from_moving(
    signed_in: Client, queue: Queue, make_agent: Make[Agent], make_case: Make[Case]
) -> None:
    make_case()
    assert "No agent works Support." in text(signed_in.get(reverse("queues")))
    old = make_agent("Old Desk")
    make_agent("Triage", queue=queue, mentions=[old])
    delete_agent(old)
    page = text(signed_in.get(reverse("queues")))
    assert "Nobody takes cases: Triage starts nothing new." in page
    assert "blocked" in page


def test_a_queue_shows_how_busy_its_agents_are(
    signed_in: Client, queue: Queue, make_agent: Make[Agent], make_case: Make[Case]
) -> None:
    make_agent("Triage", queue=queue, concurrency=3)
    busy, idle = make_case("Being read"), make_case("Waiting")
    take()
    page = text(signed_in.get(address("queue", queue)))
    assert "1 of 3 at once" in page
    assert reverse("case", args=[busy.pk]) in page
    assert reverse("case", args=[idle.pk]) in page


def test_a_queue_shows_only_its_own_cases(
    signed_in: Client, queue: Queue, make_queue: Make[Queue], make_case: Make[Case]
) -> None:
    make_case("Ours")
    make_case("Elsewhere", in_queue=make_queue())
    page = text(signed_in.get(address("queue", queue)))
    assert "Ours" in page
    assert "Elsewhere" not in page


def test_the_parts_of_a_queue_are_fetched_alone(signed_in: Client, queue: Queue) -> None:
    for part in ("state", "results"):
        headers = {"HX-Request": "true", "HX-Target": f"div#{part}"}
        body = text(signed_in.get(address("queue", queue), headers=headers))
        assert f'id="{part}"' in body
        assert "<html" not in body


def test_a_queue_is_made(signed_in: Client, team) -> None:
    response = signed_in.post(reverse("queue_new"), {"name": " Invoices ", "description": "To check", "hop_limit": "3"})
    made = Queue.objects.get(name="Invoices")
    assert response.headers["Location"] == address("queue", made)
    assert (made.team, made.description, made.hop_limit) == (team, "To check", 3)


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"name": "support", "hop_limit": "8"}, "A queue called “support” already exists. Choose another name."),
        ({"name": "", "hop_limit": "8"}, "Required."),
        ({"name": "A", "hop_limit": "51"}, "between 1 and 50."),
        ({"name": "a\x07b", "hop_limit": "8"}, "a character that nobody sees, U+0007"),
    ],
)
def test_a_queue_that_cannot_be_made_keeps_what_was_typed(
    signed_in: Client, queue: Queue, fields: dict[str, str], error: str
) -> None:
    response = signed_in.post(reverse("queue_new"), {**fields, "description": "What I typed"})
    assert response.status_code == 422
    assert error in text(response)
    assert "What I typed" in text(response)


def test_a_queue_is_changed(signed_in: Client, queue: Queue) -> None:
    signed_in.post(address("queue_edit", queue), {"name": "Mail", "description": "", "hop_limit": "2"})
    queue.refresh_from_db()
    assert (queue.name, queue.hop_limit) == ("Mail", 2)


def test_goals_are_typed_in_hours(signed_in: Client, queue: Queue, team) -> None:
    group, page = team.groups.create(name="Finance"), address("queue_edit", queue)
    typed = {"name": "Mail", "hop_limit": "2", "first_look_hours": "0.5", "done_hours": "8", "hours_of": str(group.pk)}
    signed_in.post(page, typed)
    queue.refresh_from_db()
    assert (queue.first_look_minutes, queue.done_minutes, queue.hours_of) == (30, 480, group)
    shown = text(signed_in.get(address("queue", queue)))
    assert "First look within 30 min, done within 8 hours, in the working hours of Finance." in shown
    assert 'value="0.5"' in text(signed_in.get(page))
    wrong = signed_in.post(page, typed | {"done_hours": "0"})
    assert wrong.status_code == 422
    assert "Enter hours between 0.02 and 1,000" in text(wrong)
    assert 'value="0"' in text(wrong)


def test_a_taken_name_does_not_rename_the_page(signed_in: Client, queue: Queue, make_queue: Make[Queue]) -> None:
    make_queue("Taken")
    response = signed_in.post(address("queue_edit", queue), {"name": "Taken", "description": "", "hop_limit": "2"})
    assert response.status_code == 422
    assert "Edit Support" in text(response)


def test_a_queue_is_paused_and_resumed(signed_in: Client, queue: Queue) -> None:
    signed_in.post(address("queue_pause", queue))
    queue.refresh_from_db()
    assert queue.is_paused
    assert "This queue is paused." in text(signed_in.get(address("queue", queue)))
    signed_in.post(address("queue_resume", queue))
    queue.refresh_from_db()
    assert not queue.is_paused


def test_a_queue_is_resumed_from_the_page_of_a_case(signed_in: Client, queue: Queue, make_case: Make[Case]) -> None:
    pause_queue(queue)
    case = reverse("case", args=[make_case().pk])
    assert "Waits: the queue Support is paused." in text(signed_in.get(case))
    response = signed_in.post(address("queue_resume", queue), {"next": case})
    assert response.headers["Location"] == case


def test_nobody_is_sent_to_another_site(signed_in: Client, queue: Queue) -> None:
    response = signed_in.post(address("queue_resume", queue), {"next": "https://example.com/"})
    assert response.headers["Location"] == address("queue", queue)


def test_a_queue_with_open_cases_is_not_deleted(signed_in: Client, queue: Queue, make_case: Make[Case]) -> None:
    make_case()
    response = signed_in.post(address("queue_delete", queue))
    assert messages_of(response) == ["Support holds 1 open case. Close or move them first."]
    queue.refresh_from_db()
    assert queue.deleted_at is None


def test_a_deleted_queue_leaves_its_closed_cases(
    signed_in: Client, queue: Queue, make_case: Make[Case], someone: Actor
) -> None:
    case = make_case("Kept")
    complete(case, "Done", someone)
    response = signed_in.post(address("queue_delete", queue))
    assert response.headers["Location"] == reverse("queues")
    assert signed_in.get(address("queue", queue)).status_code == 404
    page = text(signed_in.get(reverse("case", args=[case.pk])))
    assert "Support (deleted)" in page
    assert address("queue", queue) not in page


def test_a_paused_agent_is_marked_on_its_queue(signed_in: Client, queue: Queue, make_agent: Make[Agent]) -> None:
    pause_agent(make_agent("Triage", queue=queue))
    assert "Nobody takes cases: Triage is paused." in text(signed_in.get(address("queue", queue)))


def test_a_queue_names_the_agent_that_takes_new_cases(
    signed_in: Client, queue: Queue, make_agent: Make[Agent], make_case: Make[Case]
) -> None:
    triage, stranger = make_agent("Triage", queue=queue), make_agent("Stranger")
    make_agent("Billing", queue=queue)
    fields = {"name": "Support", "description": "", "hop_limit": "8"}
    refused = signed_in.post(address("queue_edit", queue), {**fields, "first_agent": str(stranger.pk)})
    assert refused.status_code == 422
    signed_in.post(address("queue_edit", queue), {**fields, "first_agent": str(triage.pk)})
    queue.refresh_from_db()
    assert queue.first_agent == triage
    assert "takes new cases" in text(signed_in.get(address("queue", queue)))
    assert "Triage, as always in this queue" in text(signed_in.get(address("case_new", queue)))
    case = signed_in.get(reverse("case", args=[make_case().pk]))
    assert "takes it next." in text(case)
    assert "First agent: Triage (queue default)" in text(case)
    pause_agent(triage)
    assert "New cases wait for Triage, which is paused." in text(signed_in.get(reverse("queues")))


def test_the_list_says_how_queues_move(
    signed_in: Client, queue: Queue, make_agent: Make[Agent], make_case: Make[Case], someone: Actor
) -> None:
    make_agent("Triage", queue=queue, concurrency=3)
    old, new = make_case(), make_case()
    take()
    complete(make_case(), "Done", someone)
    complete(make_case(), "Done", someone)
    Case.objects.filter(pk=new.pk).update(moved_at=timezone.now() - timedelta(hours=5))
    page = text(signed_in.get(reverse("queues")))
    assert "1 of 3" in page
    assert "oldest waits" in page
    assert "2 completed in 24 hours, at most 2 in an hour" in page
    state = flows([queue.pk])[queue.pk]
    assert (state.hours[-1] + state.hours[-2], state.completed) == (2, 2)
    assert state.oldest
    assert timezone.now() - state.oldest > timedelta(hours=4)
    assert (state.bars + state.gaps).count("M") == 24
    assert f"v-{HEIGHT}h" in state.bars
    assert old.pk != new.pk


def test_what_was_completed_long_ago_is_not_in_the_picture(queue: Queue, make_case: Make[Case], someone: Actor) -> None:
    case = make_case()
    complete(case, "Done", someone)
    Case.objects.filter(pk=case.pk).update(moved_at=timezone.now() - timedelta(hours=25))
    assert flows([queue.pk])[queue.pk].words == "None completed in 24 hours"


def test_the_cases_of_an_hour_are_counted_as_far_as_anyone_reads(
    queue: Queue, make_case: Make[Case], someone: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(4):
        complete(make_case(), "Done", someone)
    Case.objects.update(moved_at=timezone.now())
    monkeypatch.setattr("cases.queues.queue_stats.MOST_IN_AN_HOUR", 2)
    flow = flows([queue.pk])[queue.pk]
    assert flow.hours[-1] == 3
    assert flow.words == "More than 2 completed in 24 hours, more than 2 in an hour"


def test_open_cases_go_to_another_queue_when_theirs_is_deleted(
    signed_in: Client, queue: Queue, make_queue: Make[Queue], make_agent: Make[Agent], make_case: Make[Case]
) -> None:
    other, agent = make_queue("Other"), make_agent("Triage", queue=queue)
    produces = make_agent("Filler")
    connect(produces, produces=[queue.pk])
    case = make_case(assignee=agent)
    dialog = text(signed_in.get(address("queue_edit", queue)))
    for words in ("Triage", "Filler", "Open cases</dt><dd>1", "Other"):
        assert words in dialog
    signed_in.post(address("queue_delete", queue), {"move_to": str(other.pk)})
    case.refresh_from_db()
    queue.refresh_from_db()
    assert (case.queue, case.assignee, queue.deleted_at is None) == (other, None, False)
    event = case.events.last()
    assert event.data["changes"] == {"queue": {"old": "Support", "new": "Other"}}
    assert event.actor
    assert "the queue" in text(signed_in.get(reverse("case", args=[case.pk])))


def test_a_queue_whose_cases_cannot_go_elsewhere_is_kept(
    signed_in: Client, queue: Queue, make_queue: Make[Queue], make_agent: Make[Agent], make_case: Make[Case], make_team
) -> None:
    other = make_queue("Other")
    theirs = make_queue("Theirs", of=make_team())
    make_case(external_id="7")
    make_case(in_queue=other, external_id="7")

    def refusal(to: Queue) -> str:
        return messages_of(signed_in.post(address("queue_delete", queue), {"move_to": str(to.pk)}))[-1]

    assert "already holds 1 of the external ids" in refusal(other)
    assert "holds 1 open case." in refusal(theirs)
    assert "Choose another queue." in refusal(queue)
    make_agent(queue=queue)
    take()
    assert "Agents are working on cases of Support." in refusal(make_queue())
    queue.refresh_from_db()
    assert queue.deleted_at is None


def test_counts_end_where_nobody_reads_on(queue: Queue, make_case: Make[Case]) -> None:
    for _ in range(3):
        make_case()
    assert case_counts([queue.pk], most=1)[queue.pk]["pending"] == 2
    assert case_counts([queue.pk])[queue.pk]["pending"] == 3
    assert counted("completed", MOST_COUNTED + 1) == "1,000+ completed"
