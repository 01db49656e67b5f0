"""Every way in which a route can change passes one verb."""

import ast
from collections.abc import Iterator

import pytest
from django.test import Client

from builder.agents import saving
from builder.agents.agents import create_agent, delete_agent, restore_agent
from builder.models import Agent, Mention, Revision
from data.errors import Refused
from tests.fixtures import Make, mention
from tests.test_architecture import modules

pytestmark = pytest.mark.django_db

# What a model chooses by. Nothing but `saving` gives these fields of an agent a value.
ROUTING = {"name", "description"}
SAVING = "builder.agents.saving"
# They write drafts and what was tried, which no case ever follows.
DRAFTS = {"builder.history.drafts", "builder.agents.agents"}


def _writes_routes(module: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(modules()[module].read_text())):
        if isinstance(node, ast.Call | ast.Assign) and _is_a_write(node):
            yield f"{module}:{node.lineno}"


def _is_a_write(node: ast.Call | ast.Assign) -> bool:
    match node:
        case ast.Call(func=ast.Attribute(ast.Attribute(ast.Name("Revision"), "objects"), verb)):
            return verb in _CREATES
        case ast.Call(func=ast.Name("Revision")):
            return True
        case ast.Call(func=ast.Attribute(found, "update"), keywords=words) if "'Agent'" in ast.dump(found):
            return bool(ROUTING & {str(word.arg) for word in words})
        case ast.Assign(targets=[ast.Attribute(ast.Name("agent"), "name" | "description")]):
            return True
    return False


_CREATES = {"create", "bulk_create", "get_or_create", "update_or_create"}


def test_nobody_else_writes_what_a_route_depends_on() -> None:
    apart = {SAVING, *DRAFTS}
    assert not [place for module in modules() if module not in apart for place in _writes_routes(module)]


def test_the_search_for_writers_finds_the_one_there_is() -> None:
    assert list(_writes_routes(SAVING))


def test_agents_of_one_save_are_saved_together_or_not_at_all(make_agent: Make[Agent]) -> None:
    one, other, taken = make_agent("One"), make_agent("Other"), make_agent("Taken")
    changes = [saving.AgentChange(one.pk, aop="New"), saving.AgentChange(other.pk, name=taken.name)]
    with pytest.raises(Refused, match="already exists"):
        saving.save_agents(changes)
    assert one.live_revision.aop == ""


def test_a_replacement_is_one_save_of_all_that_mentioned_the_deleted_agent(make_agent: Make[Agent]) -> None:
    gone, replacement = make_agent("Gone"), make_agent("Heir")
    mentioning = [make_agent(aop=mention("Ask", gone)) for _ in range(2)]
    delete_agent(gone, replacement)
    live = Revision.objects.filter(agent__in=mentioning, status="live")
    assert set(Mention.objects.filter(revision__in=live).values_list("target", flat=True)) == {replacement.pk}


def test_a_restored_agent_takes_another_name_by_the_same_verb(make_agent: Make[Agent]) -> None:
    agent = make_agent("Old")
    delete_agent(agent)
    create_agent(agent.team, "Old")
    assert restore_agent(agent, "New").name == "New"


def test_a_form_that_is_refused_saves_nothing(signed_in: Client, make_agent: Make[Agent]) -> None:
    agent, other = make_agent("Mine"), make_agent("Theirs")
    sent = {"name": other.name, "aop": "Changed", "model_kind": "offline", "budget-usd": "3"}
    assert signed_in.post(f"/agents/{agent.pk}/", sent).status_code == 422
    agent.refresh_from_db()
    assert (agent.name, agent.budget, agent.live_revision.aop) == ("Mine", {}, "")
