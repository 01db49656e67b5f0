import re
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.db import ProgrammingError, transaction
from django.test import Client
from django.urls import reverse

from builder.agents import agents
from builder.agents.agents import save_agent
from builder.history import drafts, revisions
from builder.history.drafts import Conflict, Known, draft_of
from builder.models import Agent, Revision
from teams.models import Member
from tests.fixtures import mention
from tests.responses import Response

type Make = Callable[..., Any]


@pytest.fixture
def agent(make_agent: Make) -> Agent:
    made: Agent = make_agent("Triage", aop="One.")
    return made


def seen(*versions: Revision | None, revision: int = 1) -> Known:
    return Known(frozenset(version.pk for version in versions if version), revision)


def save(agent: Agent, aop: str, known: Known | None = None, author: Any = None, **fields: Any) -> Revision | None:
    return drafts.save_draft(agent, aop, "offline", known=known or seen(), author=author, **fields)


# --- Drafts ----------------------------------------------------------------------------------


def test_a_draft_changes_nothing_that_is_live(agent: Agent, member: Member) -> None:
    draft = save(agent, "Two.\r\n", author=member.user)
    assert draft is not None
    assert (draft.aop, draft.number, draft.based_on, draft.author) == ("Two.\n", 0, 1, member.user)
    assert draft_of(agent) == draft
    assert (agent.live_revision.aop, agent.live_revision.number) == ("One.", 1)
    assert not agent.revisions.published().filter(pk=draft.pk).exists()


def test_each_saving_is_another_version(agent: Agent) -> None:
    chosen = uuid4()
    first = save(agent, "Two.", version=chosen)
    assert first is not None
    assert first.pk == chosen
    second = save(agent, "Three.", seen(first))
    assert second is not None
    assert second.pk != chosen
    assert agent.revisions.filter(status="draft").count() == 1


def test_what_is_typed_back_to_the_live_text_is_no_draft(agent: Agent) -> None:
    draft = save(agent, "Two.")
    assert save(agent, "One.", seen(draft)) is None
    assert draft_of(agent) is None


def test_a_draft_that_the_page_has_not_seen_is_not_replaced(agent: Agent, make_member: Make) -> None:
    anna, ben = make_member().user, make_member().user
    theirs = save(agent, "Anna’s.", author=anna)
    with pytest.raises(Conflict) as raised:
        save(agent, "Ben’s.", author=ben)
    assert raised.value.theirs == theirs
    assert str(anna) in raised.value.message
    assert draft_of(agent) == theirs
    mine = save(agent, "Ben’s.", seen(theirs), ben)
    assert draft_of(agent) == mine
    with pytest.raises(Conflict, match=str(ben)):
        save(agent, "Anna goes on.", seen(theirs), anna)


def test_one_s_own_other_window_is_named_so(agent: Agent, member: Member) -> None:
    save(agent, "Two.", author=member.user)
    with pytest.raises(Conflict, match="You, in another window"):
        save(agent, "Three.", author=member.user)


def test_the_same_text_is_no_conflict(agent: Agent) -> None:
    save(agent, "Two.")
    assert save(agent, "Two.") is not None


def test_an_answer_that_got_lost_is_no_conflict(agent: Agent) -> None:
    sent = uuid4()
    save(agent, "Two.", version=sent)  # the page never hears of it, yet it knows what it has sent
    assert save(agent, "Three.", Known(frozenset([sent]), 1)) is not None


def test_a_draft_may_mention_whom_nobody_knows(agent: Agent) -> None:
    draft = save(agent, f"@[Nobody](agent:{uuid4()})")
    assert draft is not None
    assert not draft.mentions.exists()


def test_only_a_draft_that_was_seen_can_be_discarded(agent: Agent) -> None:
    draft = save(agent, "Two.")
    with pytest.raises(Conflict):
        drafts.discard_draft(agent, known=seen(), by=None)
    assert drafts.discard_draft(agent, known=seen(draft), by=None)
    assert not drafts.discard_draft(agent, known=seen(draft), by=None)
    assert draft_of(agent) is None


def test_the_database_lets_no_draft_change(agent: Agent) -> None:
    save(agent, "Two.")
    for change in ({"aop": "Three."}, {"status": "live", "number": 2}):
        with pytest.raises(ProgrammingError, match="never changes"), transaction.atomic():
            Revision.objects.filter(agent=agent, status="draft").update(**change)


# --- Save ------------------------------------------------------------------------------------


def publish(agent: Agent, aop: str, known: Known | None, **fields: Any) -> Agent:
    return drafts.publish(agent, aop=aop, model="offline", known=known, author=None, **fields)


def test_saving_ends_the_draft_and_takes_the_next_number(agent: Agent) -> None:
    draft = save(agent, "Two.")
    publish(agent, "Three.", seen(draft), note="Three is better")
    live = agent.live_revision
    assert (live.aop, live.number, live.note) == ("Three.", 2, "Three is better")
    assert draft_of(agent) is None


def test_what_someone_made_live_in_the_meantime_is_not_replaced_unseen(agent: Agent) -> None:
    save_agent(agent, aop="Theirs.")
    with pytest.raises(Conflict) as raised:
        publish(agent, "Mine.", seen())
    assert raised.value.theirs == agent.live_revision
    publish(agent, "Mine.", seen(revision=2))
    assert agent.live_revision.aop == "Mine."


def test_saving_does_not_end_a_draft_that_nobody_here_has_seen(agent: Agent) -> None:
    theirs = save(agent, "Theirs.")
    with pytest.raises(Conflict):
        publish(agent, "Mine.", seen())
    assert draft_of(agent) == theirs
    publish(agent, "Theirs.", seen())
    assert draft_of(agent) is None


def test_a_draft_outlives_what_programs_save(agent: Agent) -> None:
    draft = save(agent, "Mine.")
    save_agent(agent, aop="By the API.")
    assert draft_of(agent) == draft
    with pytest.raises(Conflict):
        publish(agent, "Mine.", seen(draft))


def test_another_name_of_a_mentioned_agent_is_no_change(agent: Agent, make_agent: Make) -> None:
    billing = make_agent("Billing")
    save_agent(agent, aop=mention("Ask", billing))
    save_agent(billing, name="Money")
    publish(agent, mention("Ask", Agent(pk=billing.pk, name="Money")), seen(revision=2))
    assert agent.live_revision.number == 2


# --- Pages -----------------------------------------------------------------------------------


def url(name: str, agent: Agent, *more: object) -> str:
    return reverse(name, args=[agent.pk, *more])


def send(client: Client, agent: Agent, aop: str, draft: object = "", revision: int = 1, **more: Any) -> Response:
    fields = {"aop": aop, "model_kind": "offline", "model": "", "draft": str(draft), "revision": revision, **more}
    return client.post(url("agent_draft", agent), fields)


def test_typing_is_kept_and_a_page_opened_then_shows_it(signed_in: Client, agent: Agent) -> None:
    version = uuid4()
    answer = send(signed_in, agent, "Two.", version=version).json()
    assert answer["draft"] == str(version)
    assert re.fullmatch(r"\d\d:\d\d", answer["at"])
    page = signed_in.get(url("agent", agent))
    assert page.context["form"]["aop"].value() == "Two."
    assert page.context["form"]["draft"].value() == version
    assert f"You have unsaved changes from {answer['at']}" in page.content.decode()


def test_a_colleague_s_draft_is_named_theirs(signed_in: Client, agent: Agent, make_member: Make) -> None:
    anna = make_member().user
    save(agent, "Anna’s.", author=anna)
    assert f"{anna} has unsaved changes from" in signed_in.get(url("agent", agent)).content.decode()


def test_a_conflict_is_answered_with_both_texts(signed_in: Client, agent: Agent, make_agent: Make) -> None:
    billing = make_agent("Billing <b>")
    theirs = save(agent, mention("Theirs go to", billing))
    response = send(signed_in, agent, "Mine.")
    assert response.status_code == 409
    text = response.content.decode()
    assert theirs is not None
    assert f'data-draft="{theirs.pk}"' in text
    assert all(words in text for words in ("Keep mine", "Take theirs", "Open both", "Mine", "Billing &lt;b&gt;"))
    assert "<b>" not in text
    assert send(signed_in, agent, "Mine.", theirs.pk).status_code == 200


@pytest.mark.parametrize("text", ["x" * 200_001, "a\x07b", "a\x00b"], ids=["long", "control", "null"])
def test_what_cannot_be_kept_is_said(signed_in: Client, agent: Agent, text: str) -> None:
    response = send(signed_in, agent, text)
    assert response.status_code == 422
    assert response.json()["message"].startswith(("Use at most", "This holds"))
    assert draft_of(agent) is None


def test_nonsense_about_versions_is_no_version(signed_in: Client, agent: Agent) -> None:
    assert send(signed_in, agent, "Two.", "x y", version="z").status_code == 200
    assert send(signed_in, agent, "Three.", "x y \x00", version="'").status_code == 409


def fields_of(page: Response) -> dict[str, Any]:
    drawn = page.context["form"]
    fields = [*drawn, *drawn.connections]
    return {field.html_name: field.value() for field in fields if field.value() not in (None, False)}


def test_save_on_top_of_someone_s_revision_asks_which_one(signed_in: Client, agent: Agent) -> None:
    before = fields_of(signed_in.get(url("agent", agent)))
    save_agent(agent, aop="Theirs.")
    response = signed_in.post(url("agent", agent), before | {"aop": "Mine."})
    assert response.status_code == 422
    text = response.content.decode()
    assert "Not saved. Someone saved revision 2" in text
    assert "Save mine" in text
    signed_in.post(url("agent", agent), fields_of(response))
    assert agent.live_revision.aop == "Mine."


def test_a_third_text_in_the_meantime_asks_again(signed_in: Client, agent: Agent) -> None:
    before = fields_of(signed_in.get(url("agent", agent)))
    save_agent(agent, aop="Theirs.")
    response = signed_in.post(url("agent", agent), before | {"aop": "Mine."})
    save_agent(agent, aop="A third.")
    assert signed_in.post(url("agent", agent), fields_of(response)).status_code == 422
    assert agent.live_revision.aop == "A third."


def test_discarding_leads_back_to_what_is_live(signed_in: Client, agent: Agent) -> None:
    draft = save(agent, "Two.")
    assert draft is not None
    response = signed_in.post(url("agent_draft_discard", agent), {"draft": draft.pk, "revision": 1}, follow=True)
    assert response.context["form"]["aop"].value() == "One."
    save(agent, "Three.")
    response = signed_in.post(url("agent_draft_discard", agent), {"draft": draft.pk, "revision": 1}, follow=True)
    assert "Nothing was discarded" in response.content.decode()
    assert response.context["form"]["aop"].value() == "Three."


def test_a_note_says_what_changed(signed_in: Client, agent: Agent) -> None:
    page = fields_of(signed_in.get(url("agent", agent)))
    signed_in.post(url("agent", agent), page | {"aop": "Two.", "note": "Two is enough"})
    assert agent.live_revision.note == "Two is enough"
    assert "Two is enough" in signed_in.get(url("revisions", agent)).content.decode()


def test_each_side_of_a_choice_has_its_own_lines(agent: Agent) -> None:
    theirs = save(agent, "One.\nTwo. And thanks.")
    assert theirs is not None
    choice = revisions.choice(agent, "One.\nTwo.\nThree.", theirs)
    for side, wanted in ((choice.mine, ["One.", "Two.", "Three."]), (choice.theirs, ["One.", "Two. And thanks."])):
        [passage] = side
        assert ["".join(str(text) for part in line for text in part.parts) for line in passage.lines] == wanted


def test_a_side_that_has_nothing_of_its_own_is_still_shown(agent: Agent) -> None:
    theirs = save(agent, "One.\nTwo.")
    assert theirs is not None
    assert not any(passage.folded for passage in revisions.choice(agent, "One.\nTwo.\nThree.", theirs).theirs)


def test_the_fallback_model_is_part_of_what_is_kept(agent: Agent) -> None:
    draft = drafts.save_draft(agent, "First.", "openai:a", "google:b", known=seen(), author=None)
    assert draft and draft.fallback == "google:b"
    drafts.publish(agent, aop="First.", model="openai:a", fallback="google:b", known=None, author=None)
    live = agent.live_revision
    assert (live.model, live.fallback) == ("openai:a", "google:b")
    drafts.publish(agent, aop="First.", model="openai:a", known=None, author=None)
    assert agent.live_revision.fallback == "" and agent.live_revision.number == live.number + 1
    assert agents.freeze(agent, "First.", "openai:a", "google:b").status == "tried"
    assert revisions.restore(agent, live, author=None).live_revision.fallback == "google:b"
    assert agents.duplicate_agent(agent).live_revision.fallback == "google:b"
    with pytest.raises(ProgrammingError), transaction.atomic():
        Revision.objects.filter(pk=live.pk).update(fallback="offline")
