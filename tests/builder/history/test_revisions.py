import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from builder.agents.agents import delete_agent, freeze, save_agent
from builder.history import drafts, revisions
from builder.history.drafts import Known
from builder.models import Agent
from data.errors import Refused
from runs.models import Run
from teams.models import Member
from tests.fixtures import mention

type Make = Callable[..., Any]


@pytest.fixture
def agent(make_agent: Make) -> Agent:
    made: Agent = make_agent("Triage", aop="One.")
    return made


def url(name: str, agent: Agent, *more: object) -> str:
    return reverse(name, args=[agent.pk, *more])


def listed(agent: Agent) -> list[tuple[int, list[str], list[str]]]:
    return [
        (entry.revision.number, [row.agent.name for row in entry.added], [row.agent.name for row in entry.removed])
        for entry in revisions.entries(agent, list(revisions.history(agent)))
    ]


def test_the_history_says_which_mentions_changed(agent: Agent, make_agent: Make) -> None:
    billing, support = make_agent("Billing"), make_agent("Support")
    save_agent(agent, aop=mention("Ask", billing))
    save_agent(agent, aop=mention("Rather ask", support, agent))
    assert listed(agent) == [(3, ["Support", "Triage"], ["Billing"]), (2, ["Billing"], []), (1, [], [])]


def test_the_history_has_neither_drafts_nor_what_was_only_tried(signed_in: Client, agent: Agent) -> None:
    freeze(agent, "Tried.", "offline")
    drafts.save_draft(agent, "Draft.", "offline", known=Known(), author=None)
    assert listed(agent) == [(1, [], [])]
    assert "There are unsaved changes from" in signed_in.get(url("revisions", agent)).content.decode()


def test_the_history_asks_as_many_questions_for_many_revisions(
    signed_in: Client, agent: Agent, make_agent: Make
) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert signed_in.get(url("revisions", agent)).status_code == 200
        return len(captured)

    others = [make_agent() for _ in range(4)]
    save_agent(agent, aop=mention("Ask", *others[:2]))
    few = asked()
    for number in range(6):
        save_agent(agent, aop=mention(f"Ask {number}", *others[number % 3 :]))
    assert asked() == few


def test_a_long_history_has_pages_that_go_on_where_they_ended(
    signed_in: Client, agent: Agent, make_agent: Make
) -> None:
    other = make_agent("Other")
    for number in range(2, 33):
        save_agent(agent, aop=mention(str(number), *[other][: number % 2]))
    first = signed_in.get(url("revisions", agent))
    assert [entry.revision.number for entry in first.context["entries"]] == list(range(32, 2, -1))
    assert [row.agent.name for row in first.context["entries"][-1].added] == ["Other"]
    second = signed_in.get(url("revisions", agent), {"cursor": first.context["page"].older})
    assert [entry.revision.number for entry in second.context["entries"]] == [2, 1]


def test_any_two_revisions_can_be_compared(signed_in: Client, agent: Agent, make_agent: Make) -> None:
    billing = make_agent("Billing")
    save_agent(agent, aop=mention("Two.", billing))
    save_agent(agent, aop="Three.", model="anthropic:claude-x")
    page = signed_in.get(url("revision", agent, 3), {"with": "1"})
    text = page.content.decode()
    assert page.context["other"].number == 1
    assert "<del>One</del>" in text
    assert "<ins>Three</ins>" in text
    assert "anthropic:claude-x" in text
    badge = signed_in.get(url("revision", agent, 3)).content.decode()
    removed = re.findall(r"<del>(.*?)</del>", badge, re.DOTALL)
    assert any('data-status="ok"' in piece for piece in removed)


def test_the_first_revision_has_nothing_before_it(signed_in: Client, agent: Agent) -> None:
    assert "This is the first revision" in signed_in.get(url("revision", agent, 1)).content.decode()


def test_number_0_is_the_draft(signed_in: Client, agent: Agent) -> None:
    assert signed_in.get(url("revision", agent, 0))["location"] == url("revisions", agent)
    drafts.save_draft(agent, "Draft.", "offline", known=Known(), author=None)
    text = signed_in.get(url("revision", agent, 0)).content.decode()
    assert "<ins>Draft</ins>" in text
    assert url("revision_restore", agent, 0) not in text


def test_a_number_that_is_none_leads_nowhere(signed_in: Client, agent: Agent) -> None:
    assert signed_in.get(url("revision", agent, 7)).status_code == 404
    assert signed_in.get(url("revision", agent, 1), {"with": "7"}).status_code == 404
    assert signed_in.get(url("revision", agent, 1), {"with": "x" * 3000}).status_code == 200
    assert signed_in.get(url("revision", agent, 1), {"with": "9" * 30}).status_code == 200


def test_restoring_makes_a_new_revision_with_a_note(signed_in: Client, agent: Agent, member: Member) -> None:
    save_agent(agent, aop="Two.")
    response = signed_in.post(url("revision_restore", agent, 1), follow=True)
    assert "Revision 1 is live again, as revision 3." in response.content.decode()
    live = agent.live_revision
    assert (live.aop, live.number, live.note, live.author) == ("One.", 3, "Revision 1 restored", member.user)


def test_restoring_leaves_a_draft_alone_and_says_so(signed_in: Client, agent: Agent) -> None:
    save_agent(agent, aop="Two.")
    draft = drafts.save_draft(agent, "Draft.", "offline", known=Known(frozenset(), 2), author=None)
    response = signed_in.post(url("revision_restore", agent, 1), follow=True)
    assert "are still there" in response.content.decode()
    assert drafts.draft_of(agent) == draft


def test_what_is_live_needs_no_restoring(signed_in: Client, agent: Agent) -> None:
    with pytest.raises(Refused, match="live already"):
        revisions.restore(agent, agent.live_revision, author=None)
    drafts.save_draft(agent, "Draft.", "offline", known=Known(), author=None)
    assert signed_in.post(url("revision_restore", agent, 0)).status_code == 404
    assert agent.live_revision.number == 1


def test_runs_keep_their_revision(signed_in: Client, agent: Agent, make_run: Make) -> None:
    run: Run = make_run(agent)
    save_agent(agent, aop="Two.")
    signed_in.post(url("revision_restore", agent, 1))
    run.refresh_from_db()
    assert (run.revision.number, run.revision.aop) == (1, "One.")


def test_a_deleted_agent_s_history_can_be_read_but_not_restored(signed_in: Client, agent: Agent) -> None:
    save_agent(agent, aop="Two.")
    delete_agent(agent)
    assert signed_in.get(url("revisions", agent)).status_code == 200
    text = signed_in.get(url("revision", agent, 1)).content.decode()
    assert url("revision_restore", agent, 1) not in text
    assert signed_in.post(url("revision_restore", agent, 1)).status_code == 404
