import random
import xml.etree.ElementTree as ET
from collections.abc import Callable
from datetime import timedelta
from itertools import combinations, pairwise
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from builder.agents.agents import delete_agent, pause_agent, save_agent
from builder.availability.rules import Receiver, WhenUnavailable
from builder.models import Agent
from cases.models import Case, Kind, Queue, Reason
from cases.timeline import timeline
from cases.work import lifecycle
from routes.map import map, traffic
from routes.map.layout import NODE_HEIGHT, NODE_WIDTH, lay_out
from runs.models import Handover, Run
from runs.record.outcomes import HandedOver
from teams.groups import groups
from teams.groups.groups import GroupFields
from teams.models import Team
from tests.driving import finish
from tests.fixtures import take

SINCE = timezone.now() - timedelta(days=7)

type Make = Callable[..., Any]

pytestmark = pytest.mark.django_db


@pytest.fixture
def hand_over(make_run: Make, make_agent: Make) -> Make:
    """One that was applied, of a standalone run; by default just now, and begun `after` seconds."""

    def make(source: Agent, target: Agent, days_ago: float = 0, after: float = 4, **fields: Any) -> Handover:
        at = timezone.now() - timedelta(days=days_ago, minutes=1)
        run = make_run(source, status="completed", outcome="handed_over", input="A mail")
        began = make_run(target, status="completed", outcome="answered", started_at=at + timedelta(seconds=after))
        return Handover.objects.create(
            team_id=source.team_id,
            source=run,
            source_agent=source,
            target=target,
            target_name=target.name,
            status=Handover.Status.APPLIED,
            applied_at=at,
            next_run=began,
            **{"reason": "It is about money", **fields},
        )

    return make


def svg(client: Client, **query: Any) -> ET.Element:
    page = client.get(reverse("map"), query).content.decode()
    start = page.index('<svg class="map"')
    # The icons within are inline SVG too.
    end = page.index("</svg>\n</div>", start) + len("</svg>")
    return ET.fromstring(page[start:end])


def edges(picture: ET.Element) -> dict[tuple[str, str], ET.Element]:
    return {(a.attrib["data-from"], a.attrib["data-to"]): a for a in picture.iter("a") if a.get("data-from")}


def pair(source: Agent, target: Agent) -> tuple[str, str]:
    return str(source.pk), str(target.pk)


# --- The picture -----------------------------------------------------------------------------


def test_every_mention_has_an_edge_and_every_agent_a_node(signed_in: Client, make_agent: Make) -> None:
    billing, support = make_agent("Billing"), make_agent("Support")
    triage = make_agent("Triage", mentions=[billing, support])
    alone = make_agent("Alone")
    picture = svg(signed_in)
    assert set(edges(picture)) == {pair(triage, billing), pair(triage, support)}
    links = {a.get("href") for a in picture.iter("a")}
    for agent in (billing, support, triage, alone):
        assert reverse("agent", args=[agent.pk]) in links


def test_an_edge_tells_what_is_wrong_by_more_than_its_colour(
    signed_in: Client, make_agent: Make, make_queue: Make, hand_over: Make
) -> None:
    queue, other = make_queue(), make_queue()
    gone, far = make_agent("Gone", queue=queue), make_agent("Far", queue=other)
    idle, busy = make_agent("Idle", queue=queue), make_agent("Busy", queue=queue)
    triage = make_agent("Triage", queue=queue, mentions=[gone, far, idle, busy])
    delete_agent(gone)
    hand_over(triage, busy)
    found = edges(svg(signed_in))
    kinds = {target: found[pair(triage, target)].get("class").split("is-")[1] for target in (gone, far, idle, busy)}
    assert kinds == {gone: "deleted", far: "unavailable", idle: "unused", busy: "used"}
    page = signed_in.get(reverse("map")).content.decode()
    for words in ("This agent was deleted.", "Far works none of Triage’s queues.", "Fix Triage", "not used"):
        assert words in page


def test_an_edge_is_thicker_for_more_handovers(signed_in: Client, make_agent: Make, hand_over: Make) -> None:
    much, little = make_agent(), make_agent()
    triage = make_agent("Triage", mentions=[much, little])
    for _ in range(9):
        hand_over(triage, much)
    hand_over(triage, little)
    found = edges(svg(signed_in))
    width = {target: float(found[pair(triage, target)][2].attrib["stroke-width"]) for target in (much, little)}
    assert width[much] > width[little] * 2


def test_names_are_escaped_and_cut_short(signed_in: Client, make_agent: Make) -> None:
    agent = make_agent('<script>"&</script> of the very long name that nobody can read in full')
    [node] = [a for a in svg(signed_in).iter("a") if a.get("href") == reverse("agent", args=[agent.pk])]
    assert node.find("title").text == agent.name
    assert [line.text for line in node.iter("text")] == ['<script>"&</script> of', "the very long name…"]


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("Billing", ["Billing"]),
        ("Specialist for the matters of region 12", ["Specialist for the", "matters of region 12"]),
        ("A" * 50, ["A" * 22, "A" * 21 + "…"]),
    ],
)
def test_a_long_name_is_drawn_in_two_lines(signed_in: Client, make_agent: Make, name: str, lines: list[str]) -> None:
    agent = make_agent(name)
    [node] = [a for a in svg(signed_in).iter("a") if a.get("href") == reverse("agent", args=[agent.pk])]
    assert [line.text for line in node.iter("text")] == lines


def test_circles_are_marked(signed_in: Client, make_agent: Make) -> None:
    ends = make_agent("Ends")
    back = make_agent("Back", mentions=[ends])
    there = make_agent("There", mentions=[back])
    save_agent(back, aop=f"@[There](agent:{there.pk}) @[Ends](agent:{ends.pk})")
    routes = {route.key: route.in_circle for route in traffic.traffic(back.team, timezone.now()).routes}
    assert routes == {
        (there.pk, back.pk): True,
        (back.pk, there.pk): True,
        (back.pk, ends.pk): False,
    }
    assert "↻" in "".join(svg(signed_in).itertext())


def test_a_handover_without_its_mention_is_still_drawn(signed_in: Client, make_agent: Make, hand_over: Make) -> None:
    billing = make_agent("Billing")
    triage = make_agent("Triage", mentions=[billing])
    hand_over(triage, billing)
    save_agent(triage, aop="Alone now.")
    assert "is-former" in edges(svg(signed_in))[pair(triage, billing)].attrib["class"]


def test_paused_and_blocked_agents_say_so(signed_in: Client, make_agent: Make) -> None:
    gone = make_agent("Gone")
    make_agent("Blocked", mentions=[gone])
    pause_agent(make_agent("Resting"))
    delete_agent(gone)
    text = " ".join("".join(svg(signed_in).itertext()).split())
    for words in ("Blocked: starts nothing new", "Paused", "Deleted"):
        assert words in text


def test_the_picture_shows_what_is_round_one_agent(signed_in: Client, make_agent: Make) -> None:
    far = make_agent("Far")
    third = make_agent("Third", mentions=[far])
    second = make_agent("Second", mentions=[third])
    first = make_agent("First", mentions=[second])
    assert set(edges(svg(signed_in, agent=first.pk))) == {pair(first, second), pair(second, third)}


def test_a_map_that_is_too_big_leaves_agents_out_and_says_so(team: Team, make_agent: Make) -> None:
    agents = [Agent(team=team, name=f"Agent {number}") for number in range(200)]
    routes = [traffic.Route(agents[0], other, "ok", handovers=at) for at, other in enumerate(agents[1:])]
    picture = map.draw(traffic.Traffic(agents, routes, frozenset()))
    assert len(picture.nodes) == map.MOST_AGENTS
    assert picture.left_out == 80
    assert agents[-1] in {node.agent for node in picture.nodes}


# --- The layout ------------------------------------------------------------------------------


def graph(seed: int) -> tuple[tuple[int, ...], tuple[tuple[int, int], ...]]:
    chance = random.Random(seed)
    size = (1, 3, 12, 40, 80)[seed % 5]
    found = set()
    for node in range(1, size):
        above = chance.randrange(max(1, node // 4 + 1))
        found.add((above, node))
        if chance.random() < 0.3:
            found.add((node, above))
        if chance.random() < 0.2:
            found.add((node, chance.randrange(size)))
    return tuple(range(size)), tuple(sorted(link for link in found if link[0] != link[1] and 7 not in link))


@pytest.mark.parametrize("seed", range(20))
def test_nodes_do_not_overlap_and_links_join_them(seed: int) -> None:
    nodes, links = graph(seed)
    found = lay_out(nodes, links)
    assert set(found.nodes) == set(nodes)
    for (x, y), (other_x, other_y) in combinations(found.nodes.values(), 2):
        assert abs(x - other_x) >= NODE_WIDTH or abs(y - other_y) >= NODE_HEIGHT
    for x, y in found.nodes.values():
        assert 0 <= x <= found.width - NODE_WIDTH
        assert 0 <= y <= found.height - NODE_HEIGHT
    for (source, target), points in found.links.items():
        for node, (x, y) in ((source, points[0]), (target, points[-1])):
            left, top = found.nodes[node]
            assert x in (left, left + NODE_WIDTH)
            assert top <= y <= top + NODE_HEIGHT
    assert set(found.links) == set(links)


@pytest.mark.parametrize("seed", range(20))
def test_links_pass_beside_nodes(seed: int) -> None:
    found = lay_out(*graph(seed))
    for points in found.links.values():
        for (x, y), (to_x, to_y) in pairwise(points):
            if y == to_y and abs(to_x - x) == NODE_WIDTH:
                for left, top in found.nodes.values():
                    assert left != min(x, to_x) or not top < y < top + NODE_HEIGHT


def test_agents_that_nobody_mentions_are_no_bends_of_a_route() -> None:
    links = ((3, 5), (4, 0), (4, 1), (4, 2), (4, 3), (4, 5), (4, 6), (6, 3), (6, 5))
    alone = lay_out(tuple(range(7)), links)
    among_many = lay_out(tuple(range(67)), links)
    assert among_many.links == alone.links
    assert len(among_many.nodes) == 67


def test_both_directions_of_a_pair_lie_apart() -> None:
    found = lay_out((0, 1), ((0, 1), (1, 0)))
    assert abs(found.links[0, 1][0][1] - found.links[1, 0][-1][1]) >= 16


# --- Numbers ---------------------------------------------------------------------------------


def test_the_numbers_of_a_period(team: Team, queue: Queue, make_agent: Make, make_case: Make, hand_over: Make) -> None:
    billing, triage = make_agent("Billing", queue=queue), make_agent("Triage")
    for seconds in (2, 4, 60):
        hand_over(triage, billing, after=seconds)
    hand_over(billing, triage, is_return=True)
    hand_over(triage, billing, days_ago=8)
    case: Case = make_case()
    take()
    case.refresh_from_db()
    lifecycle.park(case, Reason.LOOP, "Round and round")
    for number in range(5):
        timeline.record(make_case(), Kind.ASKED, reason=Reason.QUESTION if number else Reason.APPROVAL)
    since = timezone.now() - timedelta(days=7)
    found = traffic.figures(team, since, traffic.traffic(team, since).routes)
    assert (found.handovers, found.returned, found.returned_share) == (4, 1, 25)
    assert found.accepted_in == timedelta(seconds=4)
    assert found.with_people == 6
    assert dict(found.reasons) == {Reason.QUESTION.label: 4, Reason.LOOP.label: 1, Reason.APPROVAL.label: 1}


def test_a_case_is_accepted_when_the_target_s_run_starts(
    team: Team, make_agent: Make, make_case: Make, make_run: Make, hand_over: Make
) -> None:
    triage, billing = make_agent(), make_agent()
    case = make_case()
    handover = hand_over(triage, billing)
    Handover.objects.filter(pk=handover.pk).update(next_run=None)
    Run.objects.filter(pk=handover.source_id).update(case=case)
    at = handover.applied_at
    made = make_run(billing, case=case, status="completed", outcome="case_completed")
    Run.objects.filter(pk=made.pk).update(created_at=at + timedelta(seconds=5), started_at=at + timedelta(seconds=9))
    assert traffic.figures(team, at, []).accepted_in == timedelta(seconds=9)


def test_a_handover_straight_back_is_kept_as_such(make_agent: Make, make_run: Make) -> None:
    billing = make_agent("Billing")
    triage = make_agent("Triage", mentions=[billing])
    third = make_agent("Third")

    def pass_on(run: Run | None, target: Agent) -> Handover:
        [claim] = take()
        assert run and claim.run_id == run.pk
        finish(claim, HandedOver(target, "why"))
        return Handover.objects.get(source=run)

    there = pass_on(make_run(triage), billing)
    back = pass_on(there.next_run, triage)
    on = pass_on(back.next_run, third)
    assert [handover.is_return for handover in (there, back, on)] == [False, True, False]
    assert back.source_agent == billing


# --- The lists -------------------------------------------------------------------------------


def test_the_table_is_searched_filtered_and_sorted(signed_in: Client, make_agent: Make, hand_over: Make) -> None:
    billing, support = make_agent("Billing"), make_agent("Support")
    triage = make_agent("Triage", mentions=[billing, support])
    hand_over(triage, support)

    def rows(**query: Any) -> list[str]:
        return [route.target.name for route in signed_in.get(reverse("map"), query).context["rows"]]

    assert rows() == ["Billing", "Support"]
    assert rows(sort="busy") == ["Support", "Billing"]
    assert rows(kind="unused") == ["Billing"]
    assert rows(q="tri SUPP") == ["Support"]
    assert rows(agent=billing.pk) == ["Billing"]
    assert "No results" in signed_in.get(reverse("map"), {"q": "zzz"}).content.decode()


def test_handovers_are_listed_and_filtered(signed_in: Client, make_agent: Make, hand_over: Make) -> None:
    triage, billing, support = make_agent("Triage"), make_agent("Billing"), make_agent("Support")
    money = hand_over(triage, billing, note="Charged twice")
    tech = hand_over(triage, support, reason="A crash", is_return=True)
    old = hand_over(triage, support, days_ago=40)

    def rows(**query: Any) -> list[Handover]:
        return signed_in.get(reverse("handovers"), query).context["page"].rows

    assert rows() == [tech, money]
    assert rows(days="90") == [tech, money, old]
    assert rows(**{"from": triage.pk, "to": billing.pk}) == [money]
    assert rows(returned="1") == [tech]
    assert rows(q="TWICE charged\x00") == [money]
    page = signed_in.get(reverse("handovers")).content.decode()
    for words in ("Charged twice", "A crash", reverse("run", args=[money.source_id])):
        assert words in page


def test_another_team_s_agents_are_not_on_the_map(
    signed_in: Client, make_agent: Make, make_team: Make, hand_over: Make
) -> None:
    theirs = make_team()
    hand_over(make_agent("Their desk", of=theirs), make_agent("Their other", of=theirs))
    make_agent("Ours")
    for address in (reverse("map"), reverse("handovers")):
        assert "Their" not in signed_in.get(address, {"days": "90"}).content.decode()


def test_an_empty_team_is_told_what_makes_a_map(signed_in: Client) -> None:
    assert "No agents yet" in signed_in.get(reverse("map")).content.decode()


def test_the_map_asks_as_many_questions_for_many_agents(
    signed_in: Client, make_agent: Make, make_queue: Make, hand_over: Make
) -> None:
    queue = make_queue()

    def queries(address: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            signed_in.get(reverse(address))
        return len(captured)

    def more() -> None:
        target = make_agent(queue=queue)
        hand_over(make_agent(mentions=[target], queue=queue), target)

    more()
    few = queries("map"), queries("handovers")
    for _ in range(5):
        more()
    assert (queries("map"), queries("handovers")) == few


def test_people_and_fallbacks_are_drawn(signed_in: Client, make_agent: Make, team: Team, member) -> None:
    """Arrows lead to the cases that people have; those who are gone are red, and a fallback is dotted."""
    finance = groups.create_group(team, GroupFields("Finance", [member.user.uuid]))
    gone = groups.create_group(team, GroupFields("Legal"))
    backup = make_agent("Backup")
    tokens = [f"@[Finance](group:{finance.pk})", f"@[Ada](person:{member.user.uuid})", f"@[Legal](group:{gone.pk})"]
    triage = make_agent("Triage", aop="Money: " + ", ".join(tokens))
    groups.delete_group(gone)
    save_agent(triage, when_unavailable=WhenUnavailable(rule="fallback", target=Receiver(agent_id=backup.pk)))
    save_agent(backup, when_unavailable=WhenUnavailable(rule="fallback", target=Receiver(group_id=finance.pk)))
    found = {(route.source.name, route.target.name): route.kind for route in traffic.traffic(team, SINCE).routes}
    assert found == {
        ("Triage", "Finance"): "unused",
        ("Triage", str(member.user)): "unused",
        ("Triage", "Legal"): "deleted",
        ("Triage", "Backup"): "fallback",
        ("Backup", "Finance"): "fallback",
    }
    drawn = edges(svg(signed_in))
    to_finance = drawn[str(triage.pk), str(finance.pk)]
    assert to_finance.attrib["href"].startswith(f"/cases/?group={finance.pk}")
    assert "is-fallback" in drawn[str(backup.pk), str(finance.pk)].attrib["class"]
    page = " ".join(signed_in.get(reverse("map"), {"kind": "fallback"}).content.decode().split())
    assert page.count("Fallback only") == 2 * 2  # a line each, and again below the name on a phone


def test_handovers_to_people_are_counted_on_the_map(make_agent: Make, make_run: Make, team: Team, member) -> None:
    finance = groups.create_group(team, GroupFields("Finance", [member.user.uuid]))
    triage = make_agent("Triage", aop=f"Money: @[Finance](group:{finance.pk})")
    for to in ({"group": finance}, {"group": finance}, {"person": member.user}):
        Handover.objects.create(
            team_id=team.pk,
            source=make_run(triage, status="completed", outcome="handed_over"),
            source_agent=triage,
            target_name="x",
            reason="Money",
            status=Handover.Status.APPLIED,
            applied_at=timezone.now(),
            **to,
        )
    found = {route.target.name: (route.kind, route.handovers) for route in traffic.traffic(team, SINCE).routes}
    assert found == {"Finance": ("used", 2), str(member.user): ("former", 1)}
