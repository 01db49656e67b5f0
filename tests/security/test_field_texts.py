"""Hostile texts as what a receiver needs: the values of its fields, and their names. Each stays what it is, a text:
on pages, in the receiver's prompt, in emails, webhooks, the API and exports.
"""

import csv
import io
import json
import re
import warnings
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from builder.models import Agent
from builder.procedures import mentions
from builder.procedures.needs import read
from cases.models import Case, Reason
from runs.models import Handover, Run
from runs.notifications import mailer
from teams.keys.api_keys import create_key
from teams.models import Delivery, Member, Team, User
from teams.webhooks import webhooks
from tests.driving import work_next
from tests.fixtures import Make
from tests.markup import faults
from tests.provider import Provider, calls
from tests.smtp import MailServer, html_of, mail_server
from tests.wire import Call

from .injections import INJECTIONS

__all__ = ["mail_server"]
pytestmark = pytest.mark.django_db

TEXTS = [row.text for row in INJECTIONS if row.kind == "fields"]
# A colon ends a name, and a name is one line.
NAMES = [name for text in TEXTS if (name := " ".join(re.sub("[:：]", "", text).split())[:50].strip())]
_FORMULA = re.compile(r"\s*[=+@＝＋－＠-]")


@pytest.fixture
def aop() -> str:
    """What needs 30 texts under plain names, and as many under hostile ones."""
    return "\n".join(["NEEDS", *(f"- field {n}" for n in range(len(TEXTS))), *(f"- {name}" for name in NAMES)])


@pytest.fixture
def ada(make_member: Make[Member]) -> Member:
    member = make_member(role=Member.Role.OPERATOR)
    User.objects.filter(pk=member.user_id).update(first_name="Ada")
    return member


def _hand_over(target: str, fields: dict[str, Any]) -> Call:
    told = "\n".join(TEXTS)[:1900]
    return Call("request_handover", {"target": target, "reason": told, "note": told, "fields": fields})


@pytest.fixture
def cases(
    scripted: Provider, mail_server: MailServer, team: Team, make_agent, queue, make_case, ada: Member, aop: str
) -> list[Case]:
    """One that Billing got with all values and gave to Ada, and one that waits for the first of them."""
    person = mentions.token(ada.user.uuid, "Ada", mentions.PERSON)
    billing = make_agent("Billing", aop=f"Or to {person}\n{aop}", queue=queue)
    triage = make_agent("Triage", aop="To", mentions=[billing], queue=queue)
    webhooks.create_webhook(team, "https://example.com/", ["handover.applied", "case.needs_input", "case.assigned"])
    values = {need.name: (TEXTS * 3)[number] for number, need in enumerate(read(aop).needs)}
    delivered, parked = make_case("Delivered", assignee=triage), make_case("Parked", assignee=triage)
    scripted.answers(
        calls(_hand_over("billing", values)),
        calls(_hand_over("ada", {})),
        *[calls(_hand_over("billing", {**values, "field 0": ""}))] * 3,
    )
    for _ in range(3):
        work_next()
    return [delivered, parked]


def test_no_text_of_a_field_escapes_anywhere(
    cases, scripted: Provider, mail_server: MailServer, signed_in: Client, member: Member, team: Team, ada: Member, aop
) -> None:
    assert len(TEXTS) == 30 and len(read(aop).needs) >= 55
    delivered, parked = (Case.objects.get(pk=case.pk) for case in cases)
    assert (delivered.owner, parked.reason) == (ada.user, Reason.INCOMPLETE_HANDOVER)
    kept = Handover.objects.get(source_agent__name="Triage").fields
    assert {text.strip() for text in TEXTS} <= set(kept.values())

    # In prompts they stand between the marks, and nothing among them ends these.
    for request in scripted.requests:
        outside = re.sub(r"<(data-[0-9a-f]{8})>.*?</\1>", "", request.user_text, flags=re.DOTALL)
        assert not [text for text in TEXTS if len(text) > 5 and text in outside]
    assert TEXTS[0].replace("<", "\\u003c") in scripted.requests[1].user_text

    pages = [reverse(name, args=[case.pk]) for case in (delivered, parked) for name in ("case", "case_runs")]
    pages += [reverse("run", args=[run.pk]) for run in Run.objects.all()]
    pages += [reverse(name) for name in ("home", "cases", "runs", "map", "handovers", "audit_log")]
    billing = Agent.objects.get(name="Billing")
    pages += [f"{reverse('inbox')}?show=cases", reverse("agent", args=[billing.pk])]
    for page in pages:
        response = signed_in.get(page)
        assert response.status_code == 200 and not (found := faults(response.text)), f"{page}: {found}"
    typed = {"assignee_id": str(billing.pk), "note": "\n".join(TEXTS)}
    typed |= {f"fields.{name}": value for name, value in kept.items() if name != "field 0"}
    again = signed_in.post(reverse("case_reassign", args=[parked.pk]), typed)
    assert again.status_code == 422 and not faults(again.text), "they stay in the form"

    bearer = f"Bearer {create_key(team, 'Reader')[1]}"
    for path in ("cases", "runs", "agents", f"cases/{delivered.pk}", f"cases/{parked.pk}"):
        answer = signed_in.get(f"/api/v1/{path}", headers={"authorization": bearer})
        assert answer["Content-Type"].startswith("application/json") and answer["X-Content-Type-Options"] == "nosniff"
        assert answer.status_code == 200 and answer.json()
    bodies = list(Delivery.objects.values_list("body", flat=True))
    assert bodies and all(isinstance(json.loads(body), dict) for body in bodies)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the test client is a synchronous server
        exported = b"".join(signed_in.get(reverse("cases_export"))).decode("utf-8-sig")
    assert not [cell for row in csv.reader(io.StringIO(exported)) for cell in row if _FORMULA.match(cell)]

    mailer.deliver()
    assert mail_server.got
    for mail in mail_server.got:
        assert mail["Bcc"] is None and "\n" not in mail["Subject"]
        assert not [fault for fault in faults(html_of(mail)) if "evil" in fault]
