"""The recipes of the docs can be imported as they are, and there is nothing wrong with their wiring."""

import re
from pathlib import Path

import pytest
from django.core.management import call_command

from builder.agents.agents import resume_agent
from builder.agents.queries import detailed
from builder.procedures import targets
from builder.wiring.doctor import examine
from builder.wiring.doctor_input import as_saved, gather
from builder.wiring.findings import HINT
from teams.models import Team

pytestmark = pytest.mark.django_db

RECIPES = Path(__file__).parents[2] / "docs/recipes"
HANDOVERS = {
    "triage": {"Front Desk": {"Orders", "Returns"}, "Orders": {"Returns"}, "Returns": set()},
    "escalation": {
        "First Line": {"Second Line", "Incident Lead"},
        "Second Line": {"Incident Lead"},
        "Incident Lead": set(),
    },
    "pipeline": {"Collect Facts": {"Draft Reply"}, "Draft Reply": {"Check Reply"}, "Check Reply": set()},
    "domains": {
        "Contracts": {"Privacy", "Employment"},
        "Privacy": {"Contracts"},
        "Employment": {"Privacy"},
    },
}


@pytest.mark.parametrize("recipe", HANDOVERS)
def test_a_recipe_is_imported_by_the_command_on_its_page(recipe: str, team: Team) -> None:
    page = (RECIPES / f"{recipe}.md").read_text()
    [command] = re.findall(r"manage\.py import_agents --team demo (.+)", page)
    assert command == f"--create-queues docs/recipes/{recipe}"
    call_command("import_agents", "--create-queues", RECIPES / recipe, team=team.slug)
    agents = {agent.name: agent for agent in team.agents.live()}
    found = {name: {target.agent.name for target in targets.targets(agent)} for name, agent in agents.items()}
    assert found == HANDOVERS[recipe]
    for agent in agents.values():
        assert agent.is_paused
        resume_agent(agent)
    for agent in agents.values():
        assert targets.problems(agent) == []
        [facts] = gather(team, [as_saved(detailed(agent))])
        serious = [finding.message for finding in examine(facts) if finding.tone != HINT]
        assert serious == []


def test_a_recipe_shows_all_its_files() -> None:
    assert {path.name for path in RECIPES.iterdir() if path.is_dir()} == set(HANDOVERS)
    for recipe in HANDOVERS:
        shown = re.findall(r'--8<-- "docs/recipes/(.+)"', (RECIPES / f"{recipe}.md").read_text())
        assert sorted(shown) == sorted(f"{recipe}/{path.name}" for path in (RECIPES / recipe).iterdir())
