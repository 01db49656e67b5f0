"""manage.py doctor: what it finds, and how it says so."""

import json
import time
from datetime import timedelta
from io import StringIO
from typing import Any

import django_rq
import pytest
from django.core.management import call_command
from django.utils import timezone
from rq.worker import Worker

from cases.models import CaseMessage
from channels.mailboxes import polling
from channels.mailboxes.mailbox_sources import MailboxFields, create_mailbox
from channels.models import Arrival, Source
from data.secrets import seal
from ops.doctor import channel_checks, checkup
from ops.doctor.findings import State
from runs.workers.clock import CLOCK
from teams.models import Credential, User
from teams.settings import pausing
from tests.channels.email.dovecot import PASSWORD, Dovecot, dovecot
from tests.channels.email.letters import letter
from tests.fixtures import take

__all__ = ["dovecot"]

pytestmark = pytest.mark.django_db


@pytest.fixture
def healthy(valkey, settings):
    settings.SECRET_KEY = "a long random text " * 3
    redis = django_rq.get_connection("default")
    redis.set(CLOCK, int(time.time()), ex=100)
    worker = Worker(["default"], connection=redis)
    worker.register_birth()
    User.objects.create_superuser("operator@example.com")
    yield
    worker.register_death()


def doctor(*options: str) -> tuple[int, str]:
    """Its exit status and what it says."""
    output = StringIO()
    try:
        call_command("doctor", *options, stdout=output, no_color=True)
    except SystemExit as end:
        return int(end.code or 0), output.getvalue()
    return 0, output.getvalue()


def states() -> dict[str, State]:
    return {finding.name: finding.state for finding in checkup.look_at_all()}


def test_all_is_well(healthy) -> None:
    status, said = doctor()
    assert (status, "Baton is healthy." in said) == (0, True), said
    assert {finding.state for finding in checkup.look_at_all()} == {State.OK}
    status, said = doctor("--json")
    found = json.loads(said)
    assert found["healthy"] is True
    assert {"Database", "Redis", "Clock", "Workers", "Migrations", "Invariants", "Disk"} <= {
        finding["name"] for finding in found["findings"]
    }


@pytest.mark.parametrize(
    ("name", "state", "wrong"),
    [
        ("SECRET_KEY", State.BROKEN, {"SECRET_KEY": "short"}),
        ("DEBUG", State.WARNING, {"DEBUG": True}),
        ("DEBUG", State.BROKEN, {"DEBUG": True, "BATON_URL": "https://baton.example.com"}),
        ("BATON_URL", State.BROKEN, {"BATON_URL": "baton.example.com"}),
        ("ALLOWED_HOSTS", State.BROKEN, {"BATON_URL": "https://baton.example.com", "ALLOWED_HOSTS": ["localhost"]}),
        ("ALLOWED_HOSTS", State.WARNING, {"ALLOWED_HOSTS": ["*"]}),
        ("HTTPS", State.BROKEN, {"BATON_URL": "https://baton.example.com", "BATON_HTTPS": False}),
        ("HTTPS", State.BROKEN, {"BATON_HTTPS": True}),
        ("HTTPS", State.WARNING, {"BATON_URL": "http://baton.example.com"}),
        ("BATON_ENCRYPTION_KEYS", State.WARNING, {"BATON_ENCRYPTION_KEYS": ["short"]}),
    ],
)
def test_a_wrong_setting_is_named_with_what_helps(
    healthy, settings, name: str, state: State, wrong: dict[str, Any]
) -> None:
    for setting, value in wrong.items():
        setattr(settings, setting, value)
    [finding] = [finding for finding in checkup.look_at_all() if finding.name == name]
    assert finding.state == state
    assert finding.fix
    assert doctor()[0] == (1 if State.BROKEN in states().values() else 0)


def test_without_clock_and_worker_the_exit_status_says_so(settings) -> None:
    status, said = doctor()
    assert status == 1
    assert "manage.py clock" in said
    assert "manage.py rqworker" in said
    assert "create_administrator" in said


def test_without_redis_the_rest_is_looked_at(healthy, settings, monkeypatch) -> None:
    gone = django_rq.get_connection("default").from_url("unix:///nowhere")
    monkeypatch.setattr(django_rq, "get_connection", lambda name: gone)
    found = states()
    assert found["Redis"] == State.BROKEN
    assert found["Database"] == found["Disk"] == State.OK


def test_a_secret_that_cannot_be_opened(healthy, team, settings) -> None:
    Credential.objects.create(team=team, provider="openai", name="Ours", key=seal("secret"))
    assert states()["Secrets"] == State.OK
    settings.SECRET_KEY = "another long random text " * 3
    assert states()["Secrets"] == State.BROKEN


def test_keys_of_models_are_tried_when_asked_to(healthy, scripted, make_agent, monkeypatch) -> None:
    make_agent()
    make_agent()
    assert "--call" in doctor()[1]
    assert not scripted.requests
    doctor("--call")
    assert len(scripted.requests) == 1, "once for each key"
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    assert states()["Model openai-chat:scripted"] == State.BROKEN


def test_a_pause_and_a_broken_invariant_are_told(healthy, team, make_agent, make_case, queue) -> None:
    make_agent(queue=queue)
    case = make_case()
    take()
    pausing.pause_team(team)
    case.runs.update(status="failed", error_code="x", lease_until=None)
    status, said = doctor()
    assert status == 1
    assert f"Paused teams: {team.slug}" in said
    assert str(case.pk) in said


def test_the_mail_server_is_asked_whether_it_lets_baton_in(healthy, settings) -> None:
    settings.MAILERS = {
        "default": {
            "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
            "OPTIONS": {"host": "127.0.0.1", "port": 9, "timeout": 2},
        }
    }
    assert states()["Email"] == State.BROKEN


# --- Channels --------------------------------------------------------------------------------


def test_a_mailbox_is_told_of_by_its_last_look_and_by_signing_in(
    healthy, team, queue, dovecot: Dovecot, monkeypatch
) -> None:
    source = create_mailbox(team, MailboxFields("Support", queue, dovecot.settings, PASSWORD))
    name = f"Mailbox Support of {team}"
    assert states()[name] == State.WARNING  # nobody reads it
    dovecot.put(letter())
    polling.look(source.pk)
    polling.look(source.pk)
    for call in (False, True):
        [said] = [found.said for found in checkup.look_at_all(call=call) if found.name == name]
        assert said.startswith("The server lets Baton in, the folder exists, last email")
    with monkeypatch.context() as patch:
        patch.setattr(channel_checks, "_APART", timedelta(days=-1))
        [late] = [found for found in checkup.look_at_all(call=True) if found.name == name]
        assert (late.state, "later than it is here" in late.said) == (State.WARNING, True)
    Source.objects.update(secret=seal("wrong"))
    assert states()[name] == State.OK
    [wrong] = [found for found in checkup.look_at_all(call=True) if found.name == name]
    assert (wrong.state, "could not sign in" in wrong.said) == (State.BROKEN, True)
    polling.look(source.pk)
    assert states()[name] == State.BROKEN


def test_messages_that_are_late_and_emails_that_wait_are_told_of(healthy, team, queue, make_case) -> None:
    case = make_case()
    source = Source.objects.create(team=team, queue=queue, name="Shop", token="t", secret=seal("x"))
    Arrival.objects.create(team=team, source=source, status="waiting", content="{}")
    late = timezone.now() - timedelta(hours=1)
    CaseMessage.objects.create(team=team, case=case, direction="out", status="queued", message_id="<1@x>", next_at=late)
    found = states()
    assert (found["Messages to customers"], found["Emails that wait"]) == (State.BROKEN, State.WARNING)
