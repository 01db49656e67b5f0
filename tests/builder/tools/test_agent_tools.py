"""The tools of MCP servers that an agent has: on its page, in copies and in files."""

from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from builder.agents.agents import duplicate_agent
from builder.agents.connections import connect
from builder.files.archives import TextFile
from builder.files.exporting import export_agent
from builder.files.importing import apply, read_all
from builder.files.planned import Choices
from builder.files.plans import plan
from builder.models import Agent, ServerTool, ToolServer
from tests.fixtures import Make

pytestmark = pytest.mark.django_db


@pytest.fixture
def bank(team) -> ToolServer:
    server = ToolServer.objects.create(team=team, name="Bank", slug="bank", url="https://bank.example/mcp")
    for name, is_on in (("look", True), ("pay", True), ("off", False)):
        ServerTool.objects.create(
            team=team, server=server, name=name, key=f"bank__{name}", input_schema={"type": "object"}, is_on=is_on
        )
    return server


def tools(agent: Agent) -> list[str]:
    return list(agent.tool_connections.order_by("tool__name").values_list("tool__name", flat=True))


def id_of(server: ToolServer, name: str) -> str:
    return str(server.tools.get(name=name).pk)


def save(browser: Client, agent: Agent, *chosen: str):
    form = {"name": agent.name, "model_kind": "offline", "aop": "", "tools": chosen, "anyway": "1"}
    return browser.post(reverse("agent", args=[agent.pk]), form)


def test_tools_that_are_on_can_be_given_on_the_agents_page(signed_in: Client, make_agent, bank: ToolServer) -> None:
    agent = make_agent()
    page = signed_in.get(reverse("agent", args=[agent.pk])).content.decode()
    assert id_of(bank, "look") in page and id_of(bank, "off") not in page
    assert save(signed_in, agent, id_of(bank, "look")).status_code == 302
    assert tools(agent) == ["look"]
    assert f'value="{id_of(bank, "look")}" checked' in signed_in.get(reverse("agent", args=[agent.pk])).content.decode()
    save(signed_in, agent)
    assert tools(agent) == []


def test_a_tool_that_cannot_be_used_now_says_why_and_stays(signed_in: Client, make_agent, bank: ToolServer) -> None:
    agent = make_agent()
    connect(agent, tools=[bank.tools.get(name="look").pk])
    bank.tools.update(found={"description": "Other", "input_schema": {}})
    assert "Changed since the last review" in signed_in.get(reverse("agent", args=[agent.pk])).content.decode()
    save(signed_in, agent, id_of(bank, "look"))
    assert tools(agent) == ["look"]


def test_another_teams_tool_cannot_be_given(signed_in: Client, make_agent, make_team, bank: ToolServer) -> None:
    theirs = ToolServer.objects.create(team=make_team(), name="Theirs", slug="t", url="https://t.example")
    tool = ServerTool.objects.create(team=theirs.team, server=theirs, name="a", key="a", input_schema={}, is_on=True)
    agent = make_agent()
    assert save(signed_in, agent, str(tool.pk)).status_code == 422
    assert tools(agent) == []


def test_a_copy_has_the_same_tools(make_agent: Make[Agent], bank: ToolServer) -> None:
    agent = make_agent()
    connect(agent, tools=[bank.tools.get(name="pay").pk])
    assert tools(duplicate_agent(agent)) == ["pay"]


def imported(team, text: str) -> list[tuple[str, str]]:
    files = read_all([TextFile("a.md", text)])
    seen = plan(team, files)
    apply(team, files, Choices(), seen=seen.fingerprint, create_queue=lambda team, name: uuid4())
    return seen.missing_tools


def test_tools_go_into_files_by_name_and_come_back(team, make_agent: Make[Agent], bank: ToolServer) -> None:
    agent = make_agent("Teller")
    connect(agent, tools=[bank.tools.get(name="pay").pk])
    text = export_agent(agent)[0].text
    assert "tools:\n- server: Bank\n  tool: pay\n" in text
    connect(agent, tools=[])
    assert imported(team, text) == []
    assert tools(agent) == ["pay"]
    imported(team, text.replace("tools:\n- server: Bank\n  tool: pay\n", ""))
    assert tools(agent) == ["pay"]  # what a file does not say stays as it is


def test_an_import_adds_no_server(make_team, make_agent: Make[Agent], bank: ToolServer) -> None:
    agent = make_agent("Teller")
    connect(agent, tools=[bank.tools.get(name="pay").pk])
    elsewhere = make_team()
    assert imported(elsewhere, export_agent(agent)[0].text) == [("Bank", "pay")]
    assert tools(elsewhere.agents.get()) == []
    assert not elsewhere.tool_servers.exists()
