"""Who decides sees exactly what they decide upon: no sign is hidden, no end is cut off, nothing changes underneath."""

import json
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from builder.models import Agent
from cases.models import Case, Queue
from data.texts.signs import shown
from runs.models import HumanRequest, Run
from runs.notifications.mailer import deliver
from teams.keys.api_keys import create_key
from teams.models import Team
from tests.driving import work_next
from tests.fixtures import Make
from tests.provider import Provider, call
from tests.smtp import MailServer, html_of, mail_server, text_of

__all__ = ["mail_server"]
pytestmark = pytest.mark.django_db

# Of each kind: bidirectional, zero-width, joiner, tag, variation selector, filler, soft hyphen, control, private use.
SIGNS = (
    "\u202e\u2066\u200f\u061c\u200b\u200d\u2060\ufeff\U000e0041\ufe01\U000e0101"
    "\u3164\u115f\u2800\u00ad\x07\x1b\x85\u2028\ue000\u034f"
)
HIDDEN = f"pay{SIGNS}me"
WRITTEN = "".join(f"‹U+{ord(sign):04X}›" for sign in SIGNS)


@pytest.mark.parametrize("sign", SIGNS, ids=lambda sign: f"{ord(sign):04X}")
def test_a_sign_that_nobody_sees_is_written_out(sign: str) -> None:
    assert shown(f"a{sign}b") == f"a‹U+{ord(sign):04X}›b"


@pytest.mark.parametrize(
    "text", ["a\tb\nc", "a\u00a0b", "é — “x” 40 €", "علی\u200cرضا", "❤️", "👩\u200d🚀", "日本語　です", "‹U+202E›"]
)
def test_what_people_see_stays_as_it_is(text: str) -> None:
    assert shown(text) == text


def test_line_ends_are_no_signs_but_a_return_alone_is() -> None:
    assert shown("a\r\nb\rc") == "a\nb‹U+000D›c"


@pytest.fixture
def clerk(scripted: Provider, make_agent: Make[Agent], queue: Queue) -> Agent:
    return make_agent("Clerk", queue=queue)


_ASKS: dict[str, dict[str, Any]] = {
    "question": {"question": HIDDEN, "choices": [f"{HIDDEN}1", "No"]},
    "approval": {"title": HIDDEN, "details": f'{{"to": "{HIDDEN}"}}'},
}
_FIELDS = re.compile(r"<textarea.*?</textarea>|\bvalue=\"[^\"]*\"", re.DOTALL)


@pytest.mark.parametrize("kind", ["question", "approval"])
def test_no_page_and_no_email_hides_a_sign_from_who_decides(
    signed_in: Client,
    scripted: Provider,
    mail_server: MailServer,
    clerk: Agent,
    make_case: Make[Case],
    kind: str,
) -> None:
    case = make_case("Refund", assignee=clerk)
    # As a customer's system might have sent it, by whatever way.
    Case.objects.filter(pk=case.pk).update(
        title=HIDDEN, data={f"k{HIDDEN}": HIDDEN, "list": [HIDDEN], "deep": {"a": [{"b": HIDDEN}]}}
    )
    tool = "ask_person" if kind == "question" else "request_approval"
    scripted.answers(call(tool, **_ASKS[kind]))
    run = work_next()
    addresses = [
        *(reverse(name) for name in ("inbox", "home", "cases", "runs", "palette", "map", "handovers")),
        *(reverse(name, args=[case.pk]) for name in ("case", "case_runs")),
        reverse("run", args=[run.pk]),
        reverse("inbox") + "?q=pay",
        reverse("cases") + "?q=pay",
        reverse("palette") + "?q=pay",
    ]
    found = False
    for address in addresses:
        html = _FIELDS.sub("", signed_in.get(address).text)
        assert not re.findall(f".{{,80}}[{re.escape(SIGNS)}].{{,20}}", html), address
        found = found or WRITTEN in html
    assert found
    html = signed_in.get(reverse("inbox")).text
    assert html.count(WRITTEN) >= 2, "the question, its choice or details, the case"

    deliver()
    [mail] = mail_server.got
    assert not [sign for sign in SIGNS if sign in mail["Subject"] + text_of(mail) + html_of(mail)]
    assert WRITTEN in text_of(mail) and WRITTEN in html_of(mail)


def test_a_chosen_answer_is_the_agents_own_even_with_signs(
    signed_in: Client, scripted: Provider, clerk: Agent, make_case: Make[Case]
) -> None:
    make_case("Refund", assignee=clerk)
    scripted.answers(call("ask_person", **{**_ASKS["question"], "choices": ["a\u200bb", "No"]}))
    work_next()
    row = HumanRequest.objects.get()
    assert 'value="a\u200bb"' in signed_in.get(reverse("inbox")).text
    signed_in.post(reverse("answer", args=[row.pk]), {"choice": "a\u200bb", "shown": row.fingerprint})
    row.refresh_from_db()
    assert row.answer == "a\u200bb"


# --- Nothing changes underneath ---------------------------------------------------------------


@pytest.fixture
def approval(scripted: Provider, clerk: Agent, make_case: Make[Case]) -> HumanRequest:
    make_case("Refund", assignee=clerk)
    details = "\n".join(f"line {number}" for number in range(100))
    scripted.answers(
        call("request_approval", title="Refund", details=details), call("complete_case", summary="Refunded.")
    )
    work_next()
    return HumanRequest.objects.get()


def test_an_approval_says_how_long_it_is_and_shows_all_of_it(signed_in: Client, approval: HumanRequest) -> None:
    html = signed_in.get(reverse("run", args=[approval.run_id])).text
    assert f"{len(approval.details)} characters in 100 lines" in html
    assert "line 0\nline 1" in html and "line 98\nline 99" in html
    # Without scripts nothing is disabled, as the whole text is on the page.
    [approve] = re.findall(r'<button[^>]*value="approve"[^>]*>', html)
    assert "disabled" not in approve


_CHANGES: list[dict[str, Any]] = [
    {"details": "line 0"},
    {"question": "Refund twice"},
    {"tool": "payments__transfer"},
    {"choices": ["Yes"]},
]


@pytest.mark.parametrize("change", _CHANGES, ids=lambda change: next(iter(change)))
def test_another_text_than_the_one_that_was_read_is_not_approved(
    signed_in: Client, team: Team, approval: HumanRequest, change: dict[str, Any]
) -> None:
    address = reverse("answer", args=[approval.pk])
    form = {"decision": "approve", "shown": approval.fingerprint}
    HumanRequest.objects.update(**change)
    for headers in ({}, {"HX-Request": "true"}):
        page = signed_in.post(address, form, headers=headers)
        assert page.status_code == 409
        assert "not what you were shown" in page.text
        approval.refresh_from_db()
        assert f'value="{approval.fingerprint}"' in page.text

    program = Client(headers={"authorization": f"Bearer {create_key(team, 'Desk')[1]}"})
    body = {"approved": True, "content_hash": form["shown"]}
    answer = program.post(f"/api/v1/human-requests/{approval.pk}/respond", json.dumps(body), "application/json")
    assert answer.status_code == 409
    error = answer.json()["error"]
    assert error["code"] == "request_changed"
    assert error["human_request"]["content_hash"] == approval.fingerprint
    assert error["human_request"]["details"] == approval.details
    assert HumanRequest.objects.get().status == "open"

    assert signed_in.post(address, form | {"shown": approval.fingerprint}).status_code == 302
    assert HumanRequest.objects.get().approved


def test_a_form_that_does_not_say_what_was_read_approves_nothing(signed_in: Client, approval: HumanRequest) -> None:
    page = signed_in.post(reverse("answer", args=[approval.pk]), {"decision": "approve"})
    assert page.status_code == 409
    assert HumanRequest.objects.get().status == "open"


def test_a_program_that_says_what_it_read_approves_it(team: Team, approval: HumanRequest) -> None:
    program = Client(headers={"authorization": f"Bearer {create_key(team, 'Desk')[1]}"})
    [listed] = program.get("/api/v1/human-requests").json()["items"]
    body = {"approved": True, "content_hash": listed["content_hash"]}
    answer = program.post(f"/api/v1/human-requests/{approval.pk}/respond", json.dumps(body), "application/json")
    assert answer.status_code == 200, answer.text
    assert Run.objects.get().status != "waiting"
