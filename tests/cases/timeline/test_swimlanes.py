"""The picture of a case's course: what stands where. But for the last tests nothing here asks the database."""

import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import uuid4
from xml.etree import ElementTree

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from builder.models import Agent
from cases.models import CaseEvent, Kind, Queue, Status
from cases.timeline.picture import ROW, TOP, Picture
from cases.timeline.spans import Course, course
from cases.timeline.swimlanes import draw
from tests.fixtures import Make
from tests.stories import Chapter, handed_over, make_story, stages, started

TRIAGE, BILLING = Agent(name="Triage"), Agent(name="Billing")
AGENTS = {agent.pk: agent for agent in (TRIAGE, BILLING)}
AT = datetime(2026, 11, 22, 14, 2, tzinfo=UTC)
RUN, OTHER_RUN = uuid4(), uuid4()
SVG = "{http://www.w3.org/2000/svg}"


def follow(*chapters: Chapter, taker: Agent | None = None) -> Course:
    at, rows = AT, [CaseEvent(seq=1, at=AT, kind=Kind.CREATED, status=Status.PENDING, data={})]
    for seq, (wait, kind, status, fields) in enumerate(chapters, 2):
        at += timedelta(seconds=wait)
        rows.append(CaseEvent(seq=seq, at=at, kind=kind, status=status, **{"data": {}, **fields}))
    return course(rows, AGENTS, taker)


def picture(*chapters: Chapter, lasts: float = 5, **fields: Any) -> Picture:
    drawn = draw(follow(*chapters, **fields), AT + timedelta(seconds=sum(wait for wait, *_ in chapters) + lasts))
    assert drawn
    return drawn


def places(found: Course) -> list[tuple[str, str]]:
    return [(span.phase, span.lane.name if span.lane else "") for span in found.spans]


ASKED: Chapter = (
    9,
    Kind.ASKED,
    Status.NEEDS_INPUT,
    {"agent_id": BILLING.pk, "run_id": OTHER_RUN, "reason": "question"},
)
ANSWERED: Chapter = (60, Kind.ANSWERED, Status.IN_PROGRESS, {"agent_id": BILLING.pk, "actor": "Ada"})
DONE: Chapter = (4, Kind.COMPLETED, Status.COMPLETED, {"agent_id": BILLING.pk, "text": "Paid."})
HANDED_OVER = handed_over(TRIAGE, RUN, BILLING, "Money.")
WHOLE = [started(TRIAGE, RUN), HANDED_OVER, started(BILLING, OTHER_RUN), ASKED, ANSWERED, DONE]


def test_a_case_is_always_in_one_place() -> None:
    found = follow(*WHOLE)
    assert places(found) == [
        ("waiting", "Triage"),
        ("working", "Triage"),
        ("waiting", "Billing"),
        ("working", "Billing"),
        ("person", "People"),
        ("working", "Billing"),
    ]
    assert all(before.closed is after.opened for before, after in pairwise(found.spans))
    assert found.ended and found.ended.kind == Kind.COMPLETED


def test_a_new_case_waits_for_the_agent_that_takes_it() -> None:
    assert places(follow()) == [("waiting", "Any agent")]
    assert places(follow(taker=BILLING)) == [("waiting", "Billing")]


def test_a_postponed_case_stays_in_the_lane_of_its_agent() -> None:
    later: Chapter = (5, Kind.POSTPONED, Status.POSTPONED, {"agent_id": TRIAGE.pk})
    due: Chapter = (7200, Kind.DUE, Status.PENDING, {})
    assert places(follow(started(TRIAGE, RUN), later, due))[2:] == [("postponed", "Triage"), ("waiting", "Triage")]


def test_a_changed_case_stays_where_it_is() -> None:
    change: Chapter = (5, Kind.UPDATED, Status.IN_PROGRESS, {})
    assert len(follow(started(TRIAGE, RUN), change).spans) == 2


def test_a_reopened_case_has_not_ended() -> None:
    again: Chapter = (5, Kind.REOPENED, Status.PENDING, {"actor": "Ada"})
    found = follow(started(TRIAGE, RUN), DONE, again)
    assert found.ended is None
    assert picture(started(TRIAGE, RUN), DONE, again).end is None


def test_bars_follow_each_other_without_gaps_in_the_lanes_of_their_agents() -> None:
    drawn = picture(*WHOLE)
    assert [lane.name for lane in drawn.lanes] == ["Triage", "Billing", "People"]
    assert [bar.lane for bar in drawn.bars] == [0, 0, 1, 1, 2, 1]
    check_geometry(drawn)
    assert [bar.run_id for bar in drawn.bars] == [None, RUN, None, OTHER_RUN, OTHER_RUN, None]


def check_geometry(drawn: Picture) -> None:
    for before, after in pairwise(drawn.bars):
        assert after.x == pytest.approx(before.x + before.width)
    assert all(bar.width * drawn.width / 100 >= 11.9 for bar in drawn.bars)
    assert all(TOP + ROW * bar.lane <= bar.y and bar.y + bar.height <= TOP + ROW * (bar.lane + 1) for bar in drawn.bars)
    assert drawn.bars[-1].x + drawn.bars[-1].width < 100
    ends = {round(bar.x, 6): bar for bar in drawn.bars}
    for arrow in drawn.arrows:
        bar = ends[round(arrow.x, 6)]
        assert arrow.end in (bar.y, bar.y + bar.height)
        assert any(
            round(other.x + other.width, 6) == round(arrow.x, 6) and other.middle == arrow.start for other in drawn.bars
        )
    for one, other in pairwise(drawn.ticks):
        assert (other.x - one.x) * drawn.width / 100 >= 80


def test_arrows_tell_why_the_case_went_on() -> None:
    assert [arrow.kind for arrow in picture(*WHOLE).arrows] == ["handover", "asks", "answers"]
    assert picture(*WHOLE).arrows[0].title == "Handed over to Billing: “Money.”"


def test_a_handover_that_was_not_done_is_a_cross_on_the_bar() -> None:
    data = {"target_id": str(BILLING.pk), "target_name": "Billing"}
    cancelled: Chapter = (
        3, Kind.HANDOVER_CANCELLED, Status.IN_PROGRESS, {"agent_id": TRIAGE.pk, "text": "Stopped.", "data": data}
    )  # fmt: skip
    drawn = picture(started(TRIAGE, RUN), cancelled)
    [cross], bar = drawn.crosses, drawn.bars[-1]
    assert bar.x < cross.x < bar.x + bar.width
    assert cross.title == "Triage wanted to hand over to Billing, which was not done: Stopped."
    assert drawn.arrows == []


def test_what_lasts_much_longer_than_usual_is_cut_short() -> None:
    night: Chapter = (14 * 3600, Kind.DUE, Status.PENDING, {})
    drawn = picture(started(TRIAGE, RUN), (5, Kind.POSTPONED, Status.POSTPONED, {}), night, started(TRIAGE, RUN))
    widths = {bar.phase: bar.width for bar in drawn.bars}
    assert [bar.broken for bar in drawn.bars] == [False, False, True, False, False]
    assert widths["postponed"] < 5 * widths["working"]
    assert drawn.has_breaks


def test_the_end_is_marked() -> None:
    assert (end := picture(*WHOLE).end) and end.state == "completed"
    assert picture(started(TRIAGE, RUN)).end is None
    assert picture(started(TRIAGE, RUN)).bars[-1].lasts


def test_bars_tell_what_happened() -> None:
    lines = [bar.title.split("\n") for bar in picture(*WHOLE).bars]
    assert lines[0] == ["Waited 2.0 s for Triage", "22 Nov 2026, 14:02 UTC to 22 Nov 2026, 14:02 UTC"]
    assert (lines[1][0], lines[1][2]) == ("Triage worked on it for 20 s", "Handed over to Billing: “Money.”")
    assert lines[4][0::2] == ["Waited 1 min for a person", "An agent has a question."]


def test_the_axis_has_round_times_and_tells_the_day_when_it_changes() -> None:
    with timezone.override("Europe/Berlin"):
        waits: Chapter = (3 * 86400, Kind.DUE, Status.PENDING, {})
        ticks = picture((2, Kind.POSTPONED, Status.POSTPONED, {}), waits, started(TRIAGE, RUN, after=7200)).ticks
        assert ticks[0].label == "22 Nov, 15:02"
        assert all(re.fullmatch(r"\d\d? Nov(, \d\d:00)?|\d\d:00", tick.label) for tick in ticks[1:])


def test_nothing_is_drawn_of_nothing() -> None:
    assert draw(Course([], [], None), AT) is None


def test_a_clock_that_was_set_back_breaks_nothing() -> None:
    check_bars = picture(started(TRIAGE, RUN, after=-30), HANDED_OVER).bars
    assert all(bar.width > 0 for bar in check_bars)


@pytest.mark.parametrize("number", [1, 3, 50])
def test_few_and_many_stages_can_be_read(
    signed_in: Client, queue: Queue, make_agent: Make[Agent], number: int, db: None
) -> None:
    agents = [make_agent(queue=queue) for _ in range(4)]
    case = make_story(queue, "A long way", stages(agents, number))
    response = signed_in.get(reverse("case", args=[case.pk]))
    drawn = response.context["picture"]
    check_geometry(drawn)
    assert sum(bar.phase == "working" for bar in drawn.bars) == number
    svg, hits = svgs(response.content.decode())
    assert svg.get("role") == "img"
    assert svg.findtext(f"{SVG}title", "").startswith(f"The course of the case: {number} stage")
    bars = [rect for rect in svg.iter(f"{SVG}rect") if "swim-bar" in rect.get("class", "")]
    assert [(rect.get("x"), rect.get("y")) for rect in bars] == [(bar.left, str(bar.y)) for bar in drawn.bars]
    links = [link.get("href") for link in hits.iter(f"{SVG}a")]
    assert links == [reverse("run", args=[bar.run_id]) for bar in drawn.bars if bar.run_id]
    assert response.content.decode().count('<th scope="row">') == number + 1  # who is next, too


def svgs(html: str) -> list[ElementTree.Element]:
    found = re.findall(r'<svg [^>]*class="swim-svg[^>]*>.*?</svg>(?=\s*(?:<span|\s*<svg aria))', html, re.DOTALL)
    return [
        ElementTree.fromstring(text.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)) for text in found
    ]


def test_names_and_reasons_are_escaped_in_the_picture(
    signed_in: Client, queue: Queue, make_agent: Make[Agent], db: None
) -> None:
    evil, other = make_agent('<script>"x"&', queue=queue), make_agent("Other", queue=queue)
    case = make_story(queue, "Evil", [started(evil, RUN), handed_over(evil, RUN, other, "</title><script>y")])
    html = signed_in.get(reverse("case", args=[case.pk])).content.decode()
    assert "<script>y" not in html
    assert '<script>"x"' not in html
    _, hits = svgs(html)
    titles = [title.text or "" for title in hits.iter(f"{SVG}title")]
    assert any("</title><script>y" in title for title in titles)
    assert any('Waited 2.0 s for <script>"x"&' in title for title in titles)
