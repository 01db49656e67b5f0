"""Emails of strangers, and a model that obeys them: answers go to their senders alone, nothing of another team is
touched, and nothing in them acts in a page or an email.
"""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from builder.agents.connections import Consumes, connect
from builder.models import Agent
from cases.models import Case, CaseMessage, Queue
from cases.queues.queues import create_queue, pause_queue
from channels.email import intake, replies, sending, threads
from channels.models import Arrival, Source
from channels.sources import sources
from channels.sources.sources import SourceFields
from runs.models import Handover
from teams.audit.actors import BATON
from teams.models import Team
from tests.channels.email.letters import letter
from tests.fixtures import Make, mention
from tests.markup import faults
from tests.provider import Answer, Provider, Request, calls
from tests.smtp import MailServer, html_of, mail_server
from tests.wire import Call

from .email_injections import EMAILS
from .test_injections import rows_of, work_all

__all__ = ["mail_server"]

pytestmark = pytest.mark.django_db


def obey(request: Request) -> Answer:
    """Write to everyone that the email names, hand over to everyone, and end."""
    if request.results or "reply_to_customer" not in request.tools:
        return calls(Call("complete_case", {"summary": request.user_text[:3000]}))
    others = {"to": "ceo@victim.example", "bcc": "ceo@victim.example", "subject": "x\r\nBcc: ceo@victim.example"}
    text = f"{request.user_text[:2000]}\r\nBcc: ceo@victim.example"
    return calls(
        Call("reply_to_customer", {"text": text, **others}),
        Call("reply_to_customer", {"text": text}),
    )


def mailbox(queue: Queue, address: str) -> Source:
    email = {"address": address, "closed": "reopen", "per_hour": 1000, "take": []}
    return sources.create_source(queue.team, SourceFields("Mailbox", queue, Source.Auth.BEARER, email=email))[0]


def test_emails_of_strangers_get_no_further_than_a_case_and_an_answer_to_them(
    team: Team,
    queue: Queue,
    make_team: Make[Team],
    make_agent: Make[Agent],
    scripted: Provider,
    mail_server: MailServer,
    signed_in: Client,
) -> None:
    Queue.objects.filter(pk=queue.pk).update(replies=True)
    bystander, helper = make_agent("Bystander", queue=queue), make_agent("Helper", queue=queue)
    reader = make_agent("Reader", aop=mention("Answer it, or ask", helper))
    connect(reader, [Consumes(queue.pk, 1000)])
    Agent.objects.filter(pk=reader.pk).update(replies_freely=True)
    Queue.objects.filter(pk=queue.pk).update(first_agent=reader)
    scripted.script = obey
    # A case of another team, with an answer of theirs.
    strangers = make_team("Strangers")
    secrets = create_queue(strangers, "Secrets")
    pause_queue(secrets)
    theirs = intake.take_in(mailbox(secrets, "desk@strangers.example"), letter()).case
    assert theirs
    replies.reply(theirs, "Secret", BATON)
    sending.deliver()
    [answer] = theirs.messages.filter(direction="out")
    mail_server.got.clear()
    before = rows_of(strangers)

    source = mailbox(queue, "support@shop.example")
    token = threads.answer_address("support@shop.example", theirs.pk).partition("+c")[2].partition("@")[0]
    places = {"token": token, "theirs": answer.message_id, "bystander": str(bystander.pk)}
    arrived: dict[str, Arrival] = {}
    for number, (name, content) in enumerate(EMAILS.items()):
        dated = f"Date: Tue, 01 Dec 2026 09:00:{number:02d} +0000\n{content}"
        filled = re.sub(r"\{(token|theirs|bystander)\}", lambda found: places[found[1]], dated)
        arrived[name] = intake.take_in(source, filled.encode("utf-8", "surrogateescape"))
    work_all()
    sending.deliver()

    assert len(EMAILS) >= 30
    ignored = {name for name, arrival in arrived.items() if arrival.case is None}
    assert ignored == {"our own address as sender", "a bounce of the other team's message"}
    assert rows_of(strangers) == before
    cases = list(Case.objects.filter(team=team))
    assert len(cases) == len(EMAILS) - len(ignored)
    assert not Handover.objects.exclude(target=helper).exists()
    told = str([request.body for request in scripted.requests])
    assert "hidden-order" not in told
    _look_at_messages(mail_server, team)
    _look_at_pages(signed_in, cases)


def _look_at_messages(mail_server: MailServer, team: Team) -> None:
    """One answer for each case at most, to who wrote first, with our own headers alone."""
    sent = CaseMessage.objects.filter(team=team, direction="out")
    assert mail_server.got and len(mail_server.got) == sent.count()
    assert not sent.exclude(status="sent").exists()
    for message in sent:
        assert message.recipient.endswith("@evil.example"), message.recipient
    for mail in mail_server.got:
        assert mail["Bcc"] is None and mail["Cc"] is None
        assert str(mail["To"]).endswith("@evil.example")
        assert "victim.example" not in f"{mail['To']} {mail['Reply-To']} {mail['From']}"
        assert not [fault for fault in faults(html_of(mail)) if "evil" in fault]


def _look_at_pages(signed_in: Client, cases: list[Case]) -> None:
    pages = [reverse(name) for name in ("cases", "inbox", "sources")]
    pages += [reverse("case", args=[case.pk]) for case in cases]
    pages += [reverse("case_messages", args=[case.pk]) for case in cases]
    pages += [reverse("source", args=[Source.objects.get(name="Mailbox", team=cases[0].team_id).pk])]
    for page in pages:
        response: Any = signed_in.get(page)
        assert response.status_code == 200, page
        assert not (found := faults(response.text)), f"{page}: {found}"
    for case in cases:
        for file in case.attachments.all():
            assert not re.search(r"[/\\\u202e\x00-\x1f]", file.name), file.name
