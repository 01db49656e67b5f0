"""MCP servers of a team: what is saved of them is what someone looked at."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from builder.models import ServerTool, ToolServer
from builder.tools.server_tools import Choice, choose, fingerprint
from builder.tools.servers import Credential, add_server, ask, bearer, credential_of, delete_server, look_again
from data.errors import Refused
from tests.tool_server import ToolServer as RealServer
from tests.tool_server import tool_server

__all__ = ["tool_server"]

pytestmark = pytest.mark.django_db


@pytest.fixture
def saved(team, tool_server: RealServer) -> ToolServer:
    """With all its tools switched on."""
    listing = ask(tool_server.url, Credential())
    on = {tool.name: Choice(True, "effects") for tool in listing.tools}
    return add_server(team, "Bank", tool_server.url, credential=Credential(), listing=listing, choices=on)


def tool(server: ToolServer, name: str) -> ServerTool:
    return server.tools.get(name=name)


def usable(server: ToolServer) -> list[str]:
    return [row.name for row in server.tools.filter(pk__in=ServerTool.objects.usable())]


# --- Adding ----------------------------------------------------------------------------------


def typed(server: RealServer, **more: Any) -> dict[str, Any]:
    return {"name": "Bank", "url": server.url, "secret": "", "header": "", "sealed": "", **more}


def hidden(page: str, name: str) -> list[str]:
    return re.findall(rf'name="{name}" value="([^"]*)"', page)


def test_a_server_shows_its_tools_before_anything_is_saved(signed_in: Client, tool_server: RealServer) -> None:
    tool_server.token = "geheim"
    page = signed_in.post(reverse("tool_server_new"), typed(tool_server, secret="geheim")).content.decode()
    assert not ToolServer.objects.exists()
    assert "Looks a thing up." in page and "Pays money." in page
    assert "geheim" not in page
    [sealed] = hidden(page, "sealed")
    chosen = typed(tool_server, sealed=sealed, choose="1", tool=hidden(page, "tool"), on=["look"], asks=["put", "pay"])
    signed_in.post(reverse("tool_server_new"), chosen | {"mark": ["read_only", "idempotent", "effects"]})
    server = ToolServer.objects.get()
    assert [(row.name, row.mark, row.asks_first, row.is_on) for row in server.tools.order_by("pk")] == [
        ("look", "read_only", False, True),
        ("put", "idempotent", True, False),
        ("pay", "effects", True, False),
    ]
    assert credential_of(server).value == "Bearer geheim"
    assert "geheim" not in server.credential
    page = signed_in.get(reverse("tool_server_edit", args=[server.pk])).content.decode()
    assert "geheim" not in page and server.credential not in page


def test_what_a_server_claims_is_a_suggestion(signed_in: Client, tool_server: RealServer) -> None:
    page = signed_in.post(reverse("tool_server_new"), typed(tool_server)).content.decode()
    assert re.findall(r'value="(\w+)" selected', page) == ["read_only", "idempotent", "effects"]
    assert not re.findall(r'name="on" value="\w+" checked', page)
    assert re.findall(r'name="asks" value="(\w+)" checked', page) == ["put", "pay"]


def test_a_tool_that_changes_while_one_chooses_is_shown_again(signed_in: Client, tool_server: RealServer) -> None:
    page = signed_in.post(reverse("tool_server_new"), typed(tool_server)).content.decode()
    tool_server.add("pay", "Pays money to a stranger.")
    form = typed(tool_server, choose="1", tool=hidden(page, "tool"), on=["pay"], mark=3 * ["effects"])
    answer = signed_in.post(reverse("tool_server_new"), form)
    assert answer.status_code == 422
    assert "pay changed while you looked at it" in answer.content.decode()
    assert "Pays money to a stranger." in answer.content.decode()
    assert not ToolServer.objects.exists()


def test_a_sealed_credential_goes_nowhere_else(signed_in: Client, tool_server: RealServer) -> None:
    page = signed_in.post(reverse("tool_server_new"), typed(tool_server, secret="geheim")).content.decode()
    [sealed] = hidden(page, "sealed")
    tool_server.headers.clear()
    other = typed(tool_server, url=tool_server.url.replace("127.0.0.1", "localhost"), sealed=sealed, choose="1")
    answer = signed_in.post(reverse("tool_server_new"), other)
    assert "Enter the credential again." in answer.content.decode()
    assert not tool_server.headers


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": ""}, "Required."),
        ({"url": "example.com"}, "Enter a full address"),
        ({"header": "X-Key"}, "Enter the credential for this header."),
        ({"header": "Host", "secret": "a"}, "not the name of a header"),
        ({"header": "X-Key", "secret": "ü"}, "plain letters"),
        ({"url": "http://127.0.0.1:9/mcp"}, "could not be reached"),
    ],
)
def test_what_cannot_be_is_said_at_its_field(
    signed_in: Client, tool_server: RealServer, changes: dict[str, str], words: str
) -> None:
    answer = signed_in.post(reverse("tool_server_new"), typed(tool_server, **changes))
    assert answer.status_code == 422
    assert words in answer.content.decode()


def test_a_private_address_is_refused(signed_in: Client, tool_server: RealServer, settings) -> None:
    settings.BATON_ALLOW_PRIVATE_ADDRESSES = False
    answer = signed_in.post(reverse("tool_server_new"), typed(tool_server))
    assert "inside a private network" in answer.content.decode()
    assert not tool_server.methods


def test_a_credential_may_have_a_header_of_its_own(team, tool_server: RealServer) -> None:
    ask(tool_server.url, Credential("X-Api-Key", "geheim"))
    assert {row["x-api-key"] for row in tool_server.headers} == {"geheim"}


# --- Names for models ------------------------------------------------------------------------


def test_names_for_models_are_plain_short_and_unlike(team, tool_server: RealServer) -> None:
    tool_server.tools.clear()
    for name in ("pay", "Zahlung ausführen!", "Zahlung ausfuhren!", 80 * "a", 81 * "a", "pay.now", "pay now"):
        tool_server.add(name)
    listing = ask(tool_server.url, Credential())
    server = add_server(team, "Bank & Co", tool_server.url, credential=Credential(), listing=listing, choices={})
    keys = list(server.tools.values_list("key", flat=True))
    assert len(set(keys)) == 7
    assert all(re.fullmatch(r"bank-co__[A-Za-z0-9_-]{1,55}", key) for key in keys)
    assert tool(server, "pay").key == "bank-co__pay"


def test_two_servers_never_share_the_beginning_of_names(team, tool_server: RealServer) -> None:
    listing = ask(tool_server.url, Credential())
    made = [
        add_server(team, name, tool_server.url, credential=Credential(), listing=listing, choices={})
        for name in ("Bank", "BANK!", "日本")
    ]
    assert [server.slug for server in made] == ["bank", "bank-2", "server"]
    with pytest.raises(Refused) as refused:
        add_server(team, "bank", tool_server.url, credential=Credential(), listing=listing, choices={})
    assert refused.value.code == "name_taken"


# --- Looking again ---------------------------------------------------------------------------


def test_a_changed_tool_is_paused_until_someone_accepts_it(
    signed_in: Client, saved: ToolServer, tool_server: RealServer
) -> None:
    tool_server.add("pay", "Pays money to a stranger.")
    assert look_again(saved) == "Its tools: 1 changed."
    assert usable(saved) == ["look", "put"]
    page = signed_in.get(reverse("tool_server", args=[saved.pk])).content.decode()
    assert "Changed since the last review" in page
    assert "<ins> to a stranger</ins>" in page
    changed = tool(saved, "pay")
    accept = reverse("tool_accept", args=[changed.pk])
    signed_in.post(accept, {"seen": "something else"})
    assert "pay" not in usable(saved)
    signed_in.post(accept, {"seen": fingerprint(**changed.found)})
    assert usable(saved) == ["look", "pay", "put"]
    assert tool(saved, "pay").description == "Pays money to a stranger."


def test_other_arguments_are_a_change_and_their_order_is_none(saved: ToolServer, tool_server: RealServer) -> None:
    schema = tool_server.tools["pay"].input_schema
    tool_server.add("pay", "Pays money.", schema=dict(reversed(schema.items())))
    assert look_again(saved) == "The tools have not changed."
    tool_server.add("pay", "Pays money.", schema={**schema, "required": []})
    assert look_again(saved) == "Its tools: 1 changed."


def test_a_tool_that_is_again_as_it_was_needs_nobody(saved: ToolServer, tool_server: RealServer) -> None:
    tool_server.add("pay", "Something else.")
    look_again(saved)
    tool_server.add("pay", "Pays money.")
    look_again(saved)
    assert "pay" in usable(saved)


def test_new_tools_are_off_and_lost_ones_gone(saved: ToolServer, tool_server: RealServer) -> None:
    del tool_server.tools["look"]
    tool_server.add("more")
    assert look_again(saved) == "Its tools: 1 new, 1 gone."
    assert usable(saved) == ["pay", "put"]
    assert not tool(saved, "more").is_on


def test_nobody_switches_on_what_they_have_not_seen(saved: ToolServer) -> None:
    with pytest.raises(Refused) as refused:
        choose(saved, {"pay": Choice(True, "read_only", False, seen="something else")})
    assert refused.value.code == "changed_meanwhile"
    assert tool(saved, "pay").mark == "effects"


# --- Changing and deleting -------------------------------------------------------------------


def test_a_credential_stays_with_its_address(signed_in: Client, team, tool_server: RealServer) -> None:
    listing = ask(tool_server.url, Credential())
    server = add_server(team, "Bank", tool_server.url, credential=bearer("geheim"), listing=listing, choices={})
    tool_server.headers.clear()
    elsewhere = tool_server.url.replace("127.0.0.1", "localhost")
    answer = signed_in.post(reverse("tool_server_edit", args=[server.pk]), typed(tool_server, url=elsewhere))
    assert "Enter its credential again" in answer.content.decode()
    assert not tool_server.headers
    signed_in.post(reverse("tool_server_edit", args=[server.pk]), typed(tool_server, name="Safe"))
    server.refresh_from_db()
    assert (server.name, credential_of(server).value) == ("Safe", "Bearer geheim")
    signed_in.post(reverse("tool_server_edit", args=[server.pk]), typed(tool_server, forget="on"))
    server.refresh_from_db()
    assert credential_of(server) == Credential()


def test_a_deleted_server_forgets_its_credential(team, tool_server: RealServer) -> None:
    listing = ask(tool_server.url, Credential())
    on = {"pay": Choice(True)}
    server = add_server(team, "Bank", tool_server.url, credential=bearer("geheim"), listing=listing, choices=on)
    delete_server(server)
    server.refresh_from_db()
    assert (server.credential, usable(server)) == ("", [])


def test_another_teams_server_is_not_found(signed_in: Client, make_team, tool_server: RealServer) -> None:
    listing = ask(tool_server.url, Credential())
    theirs = add_server(make_team(), "Bank", tool_server.url, credential=Credential(), listing=listing, choices={})
    assert signed_in.get(reverse("tool_server", args=[theirs.pk])).status_code == 404
    assert signed_in.post(reverse("tool_server_look", args=[theirs.pk])).status_code == 404
    assert signed_in.post(reverse("tool_accept", args=[tool(theirs, "pay").pk])).status_code == 404


def test_the_list_takes_as_many_queries_for_many(
    signed_in: Client, saved: ToolServer, team, tool_server: RealServer, django_assert_num_queries
) -> None:
    url = reverse("tool_servers")
    with django_assert_num_queries(8):
        signed_in.get(url)
    listing = ask(tool_server.url, Credential())
    for name in ("One", "Two"):
        add_server(team, name, tool_server.url, credential=Credential(), listing=listing, choices={})
    with django_assert_num_queries(8):
        assert "3 tools on" in signed_in.get(url).content.decode()


# --- What cannot be used, and what varies ----------------------------------------------------


def test_the_page_says_which_tools_cannot_be_used_and_how_many_are_left_out(
    signed_in: Client, team, tool_server: RealServer
) -> None:
    tool_server.tools.clear()
    tool_server.add("odd", schema={"type": "object", "properties": []})
    for number in range(203):
        tool_server.add(f"more-{number}")
    page = signed_in.post(reverse("tool_server_new"), typed(tool_server)).content.decode()
    for _ in ("before it is saved", "on its page"):
        assert "3 more tools of this server are left out: a server may have 200." in page
        assert "Its arguments are described by something other than a JSON Schema" in page
        listing = ask(tool_server.url, Credential())
        ToolServer.objects.all().delete()
        server = add_server(team, "Bank", tool_server.url, credential=Credential(), listing=listing, choices={})
        page = signed_in.get(reverse("tool_server", args=[server.pk])).content.decode()
    tool_server.tools = {"look": tool_server.tools["more-0"]}
    look_again(server)
    server.refresh_from_db()
    assert (server.left_out, server.unusable) == (0, [])


@pytest.mark.parametrize("secret", ["", "wrong-one"])
def test_a_wish_for_a_credential_stands_at_its_field(signed_in: Client, tool_server: RealServer, secret: str) -> None:
    tool_server.token = "geheim"
    answer = signed_in.post(reverse("tool_server_new"), typed(tool_server, secret=secret))
    words = "refused the credential" if secret else "wants a credential, and was given none"
    assert answer.status_code == 422
    [error] = answer.context["form"].errors["secret"]
    assert words in error


def _restless(server: ToolServer, real: RealServer, times: int) -> ServerTool:
    for _ in range(times):
        real.add("pay", f"Pays money. Asked {len(real.methods)} times so far.")
        look_again(server)
    return tool(server, "pay")


def test_a_description_that_changes_each_time_is_said_and_only_the_arguments_can_be_compared(
    signed_in: Client, saved: ToolServer, tool_server: RealServer
) -> None:
    page = reverse("tool_server", args=[saved.pk])
    pay = _restless(saved, tool_server, 1)
    assert "was different each of the last" not in signed_in.get(page).content.decode()
    pay = _restless(saved, tool_server, 3)
    assert "was different each of the last 4 times" in signed_in.get(page).content.decode()
    signed_in.post(reverse("tool_pin", args=[pay.pk]), {"schema_only": "1"})
    assert "pay" in usable(saved)
    assert tool(saved, "pay").description == "Pays money."
    _restless(saved, tool_server, 2)
    assert "pay" in usable(saved)
    assert "Only the arguments are compared" in signed_in.get(page).content.decode()
    tool_server.add("pay", "Pays money.", schema={"type": "object", "properties": {"to": {}}})
    assert look_again(saved) == "Its tools: 1 changed."
    assert "pay" not in usable(saved)


def test_a_description_can_be_compared_again(signed_in: Client, saved: ToolServer, tool_server: RealServer) -> None:
    pay = _restless(saved, tool_server, 2)
    for value in ("1", "0"):
        signed_in.post(reverse("tool_pin", args=[pay.pk]), {"schema_only": value})
    look_again(saved)
    assert "pay" not in usable(saved)


def test_a_description_that_stays_is_not_said_to_vary(saved: ToolServer, tool_server: RealServer) -> None:
    assert _restless(saved, tool_server, 2).description_changes == 2
    look_again(saved)
    assert tool(saved, "pay").description_changes == 0


def test_a_name_that_is_made_to_collide_gets_another_key(team, tool_server: RealServer) -> None:
    tool_server.tools.clear()
    tool_server.add("a b")
    listing = ask(tool_server.url, Credential())
    first = add_server(team, "Bank", tool_server.url, credential=Credential(), listing=listing, choices={})
    taken = first.tools.get().key.removeprefix("bank__")
    tool_server.tools.clear()
    tool_server.add(taken)
    tool_server.add("a b")
    tool_server.add("a_b")
    listing = ask(tool_server.url, Credential())
    other = add_server(team, "Other", tool_server.url, credential=Credential(), listing=listing, choices={})
    assert other.tools.count() == len(set(other.tools.values_list("key", flat=True))) == 3


def test_names_for_models_begin_with_a_letter(team, tool_server: RealServer) -> None:
    listing = ask(tool_server.url, Credential())
    server = add_server(team, "3com", tool_server.url, credential=Credential(), listing=listing, choices={})
    assert server.slug == "server-3com"
