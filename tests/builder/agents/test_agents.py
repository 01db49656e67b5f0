import pytest
from django.db import DatabaseError, IntegrityError, transaction

from builder.agents.agents import (
    create_agent,
    delete_agent,
    duplicate_agent,
    freeze,
    pause_agent,
    restore_agent,
    save_agent,
)
from builder.agents.connections import Consumes, connect
from builder.history.drafts import Known, draft_of, save_draft
from builder.models import Agent, Mention, QueueConnection, Revision
from builder.procedures import mentions
from builder.procedures.targets import check_may_start, problems, targets
from data.errors import Refused
from teams.models import new_id
from tests.fixtures import mention

pytestmark = pytest.mark.django_db


def refusal(act) -> Refused:
    with pytest.raises(Refused) as refused:
        act()
    return refused.value


def test_an_agent_has_one_live_revision_from_the_start(make_agent) -> None:
    agent = make_agent()
    assert (agent.live_revision.number, agent.live_revision.model) == (1, "offline")


def test_saving_another_procedure_makes_a_new_live_revision_and_keeps_the_old(make_agent) -> None:
    agent = make_agent(aop="First")
    save_agent(agent, aop="Second")
    assert [(row.number, row.status, row.aop) for row in agent.revisions.all()] == [
        (2, "live", "Second"),
        (1, "historic", "First"),
    ]


def test_saving_the_same_procedure_makes_no_revision(make_agent) -> None:
    agent = make_agent(aop="Line\nLine")
    save_agent(agent, aop="Line\r\nLine", description="Other")
    assert agent.revisions.count() == 1


def test_targets_are_derived_from_the_text_in_the_order_of_the_text(make_agent) -> None:
    first, second = make_agent(), make_agent()
    agent = make_agent(mentions=[second, first, second])
    assert [row.target for row in agent.live_revision.mentions.all()] == [second, first]
    save_agent(agent, aop="Nobody")
    assert not agent.live_revision.mentions.exists()


def test_a_rename_shows_in_the_next_saved_text(make_agent) -> None:
    target = make_agent("Billing")
    agent = make_agent(mentions=[target])
    save_agent(target, name="Billing [EU]")
    save_agent(agent, aop=f"Now: {agent.live_revision.aop}")
    assert mentions.plain(agent.live_revision.aop) == "Now: @Billing [EU]"


@pytest.mark.parametrize("whose", ["nobody", "another team"])
def test_unknown_ids_and_those_of_another_team_get_the_same_answer(make_agent, make_team, whose: str) -> None:
    id = new_id() if whose == "nobody" else make_agent("Strange", of=make_team()).pk
    agent = make_agent()
    refused = refusal(lambda: save_agent(agent, aop=f"Hi {mentions.token(id, 'Strange')}"))
    assert refused.code == "unknown_mention"
    assert "“@Strange” is not an agent of this team" in refused.fields["aop"]
    assert agent.revisions.count() == 1


@pytest.mark.parametrize(
    ("fields", "at"),
    [
        ({"name": "   "}, "name"),
        ({"name": "x" * 81}, "name"),
        ({"name": "a\x00b"}, "name"),
        ({"description": "x" * 201}, "description"),
        ({"aop": "x" * 200_001}, "aop"),
        ({"aop": "a\x00b"}, "aop"),
        ({"model": "x" * 101}, "model"),
    ],
)
def test_bad_input_is_refused_at_its_field(make_agent, fields, at) -> None:
    agent = make_agent("Fine")
    assert at in refusal(lambda: save_agent(agent, **fields)).fields
    agent.refresh_from_db()
    assert (agent.name, agent.revisions.count()) == ("Fine", 1)


def test_a_name_is_taken_whatever_its_case_until_its_agent_is_deleted(make_agent, team) -> None:
    taken = make_agent("Billing")
    assert "name" in refusal(lambda: create_agent(team, " BILLING ")).fields
    delete_agent(taken)
    assert create_agent(team, "billing")


def test_live_and_historic_revisions_never_change(make_agent) -> None:
    agent = make_agent(aop="First")
    save_agent(agent, aop="Second")
    for revision in agent.revisions.all():
        for change in ({"aop": "Other"}, {"model": "other"}, {"number": 9}, {"needs": [1]}):
            with pytest.raises(DatabaseError, match="never changes"), transaction.atomic():
                Revision.objects.filter(pk=revision.pk).update(**change)


def test_an_agent_has_one_live_revision_in_the_database_too(make_agent) -> None:
    agent = make_agent()
    with pytest.raises(IntegrityError, match="one_live_revision"), transaction.atomic():
        Revision.objects.create(team_id=agent.team_id, agent=agent, number=2, status="live", model="offline")


def test_connections_are_replaced_by_role(make_agent, make_queue) -> None:
    one, two = make_queue(), make_queue()
    agent = make_agent(queue=one)
    connect(agent, [Consumes(two.pk, 3)], [one.pk])
    rows = QueueConnection.objects.filter(agent=agent).values_list("queue", "role", "concurrency")
    assert set(rows) == {(two.pk, "consumer", 3), (one.pk, "producer", 5)}
    connect(agent, produces=[])
    assert agent.queue_connections.get().role == "consumer"


def test_the_state_of_each_target(make_agent, make_queue, queue) -> None:
    fine, elsewhere = make_agent("Fine", queue=queue), make_agent("Elsewhere", queue=make_queue())
    gone = make_agent("Gone", queue=queue)
    agent = make_agent("Me", queue=queue)
    save_agent(agent, aop=mention("", fine, elsewhere, gone, agent))
    delete_agent(gone)
    assert [(row.agent.name, row.status) for row in targets(agent)] == [
        ("Fine", "ok"),
        ("Elsewhere", "unavailable"),
        ("Gone", "deleted"),
        ("Me", "self"),
    ]


def test_an_agent_that_mentions_a_deleted_one_starts_nothing_until_it_is_healed(make_agent) -> None:
    gone = make_agent("Gone")
    agent = make_agent("Triage", mentions=[gone])
    check_may_start(agent)
    delete_agent(gone)
    refused = refusal(lambda: check_may_start(agent))
    assert refused.code == "deleted_target"
    assert "@Gone" in refused.message
    assert [problem.blocking for problem in problems(agent)] == [True]
    save_agent(agent, aop="On its own")
    check_may_start(agent)


def test_paused_and_deleted_agents_start_nothing(make_agent) -> None:
    agent = make_agent()
    pause_agent(agent)
    assert refusal(lambda: check_may_start(Agent.objects.get(pk=agent.pk))).code == "agent_paused"
    delete_agent(agent)
    assert refusal(lambda: check_may_start(Agent.objects.get(pk=agent.pk))).code == "agent_deleted"


def test_a_deleted_agent_keeps_its_mentions_and_its_last_name(make_agent) -> None:
    gone = make_agent("Gone")
    agent = make_agent(mentions=[gone])
    delete_agent(gone)
    assert Mention.objects.get(revision=agent.live_revision).target == gone
    save_agent(agent, aop=f"Still {agent.live_revision.aop}")
    assert mentions.plain(agent.live_revision.aop) == "Still @Gone"


# --- Copies, deletions and what was tried ----------------------------------------------------


def test_a_copy_has_the_procedure_and_the_connections_and_is_paused(make_agent, make_queue) -> None:
    queue, other, billing = make_queue(), make_queue(), make_agent("Billing")
    agent = make_agent("Triage", aop="Refunds go to", mentions=[billing], description="Sorts mail.", model="x:y")
    connect(agent, [Consumes(queue.pk, 3)], [other.pk])
    copy = duplicate_agent(agent)
    assert (copy.name, copy.description, copy.is_paused) == ("Copy of Triage", "Sorts mail.", True)
    assert (copy.live_revision.aop, copy.live_revision.model) == (agent.live_revision.aop, "x:y")
    assert (copy.live_revision.number, copy.live_revision.note) == (1, "Copied from Triage")
    assert {(row.queue_id, row.role, row.concurrency) for row in copy.queue_connections.all()} == {
        (queue.pk, "consumer", 3),
        (other.pk, "producer", 5),
    }
    assert duplicate_agent(agent).name == "Copy of Triage 2"


def test_a_copy_of_a_long_name_has_a_name_that_fits(make_agent) -> None:
    agent = make_agent("x" * 80)
    names = [duplicate_agent(agent).name for _ in range(2)]
    assert all(len(name) <= 80 for name in names) and names[0] != names[1]


def test_a_copy_says_of_itself_what_the_original_says_of_itself(make_agent) -> None:
    agent = make_agent("Triage")
    save_agent(agent, aop=mention("Not for", agent))
    copy = duplicate_agent(agent)
    assert [row.target for row in copy.live_revision.mentions.all()] == [copy]


def test_deleting_with_a_replacement_changes_all_mentions_at_once(make_agent) -> None:
    gone, replacement = make_agent("Gone"), make_agent("Heir")
    first = make_agent(aop="Refunds:", mentions=[gone])
    second = make_agent(mentions=[replacement, gone])
    assert set(delete_agent(gone, replacement)) == {first, second}
    revision = first.live_revision
    assert (revision.number, mentions.plain(revision.aop)) == (2, "Refunds: @Heir")
    assert revision.note == "@Gone was deleted: @Heir in its place"
    assert [row.target for row in second.live_revision.mentions.all()] == [replacement]
    check_may_start(first)
    assert "@Gone" in mentions.plain(first.revisions.get(number=1).aop)


def test_a_replacement_also_stands_in_drafts(make_agent) -> None:
    gone, replacement, writer = make_agent("Gone"), make_agent("Heir"), make_agent("Writer", aop="Live")
    save_draft(writer, mention("Typed:", gone), "offline", known=Known(), author=None)
    delete_agent(gone, replacement)
    assert draft_of(writer).aop == mention("Typed:", replacement)


def test_a_replacement_must_be_another_live_agent_of_the_team(make_agent, make_team) -> None:
    gone, agent, stranger = make_agent(), make_agent(), make_agent(of=make_team())
    holder = make_agent(mentions=[agent])
    delete_agent(gone)
    for wrong in (agent, stranger, gone):
        assert refusal(lambda: delete_agent(agent, wrong)).fields.keys() == {"replacement_id"}  # noqa: B023
    agent.refresh_from_db()
    assert not agent.is_deleted and holder.revisions.count() == 1


def test_restoring_heals_those_who_mention_it(make_agent) -> None:
    gone = make_agent("Gone")
    holder = make_agent(mentions=[gone])
    delete_agent(gone)
    assert not restore_agent(gone).is_deleted
    check_may_start(holder)


def test_a_name_that_was_taken_in_the_meantime_is_refused_and_another_one_helps(make_agent) -> None:
    gone = make_agent("Billing")
    delete_agent(gone)
    make_agent("billing")
    assert refusal(lambda: restore_agent(gone)).code == "name_taken"
    gone.refresh_from_db()
    assert gone.is_deleted
    assert restore_agent(gone, "Billing, the old one").name == "Billing, the old one"


def test_a_text_that_is_tried_is_frozen_and_never_live(make_agent) -> None:
    billing = make_agent("Billing")
    agent = make_agent(aop="First")
    tried = freeze(agent, mention("Second", billing), "offline")
    assert (tried.status, tried.number, agent.live_revision.aop) == ("tried", 1, "First")
    assert [row.target for row in tried.mentions.all()] == [billing]
    assert freeze(agent, tried.aop, "offline") == tried
    assert freeze(agent, "First", "offline") == agent.live_revision
    save_agent(agent, aop="Third")
    assert agent.live_revision.number == 2
    with pytest.raises(DatabaseError), transaction.atomic():
        Revision.objects.filter(pk=tried.pk).update(aop="Other")


def test_a_rename_of_a_mentioned_agent_is_no_other_text(make_agent) -> None:
    billing = make_agent("Billing")
    agent = make_agent(mentions=[billing])
    save_agent(billing, name="Refunds")
    assert freeze(agent, mention("", billing), "offline") == agent.live_revision
