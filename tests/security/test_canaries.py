"""No secret is found again where it is not meant to be: each is a word of its own here, and everything is searched."""

import io
import logging
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from django.db import connection, transaction
from django.http import StreamingHttpResponse
from django.test import Client
from django.urls import reverse
from mcp.types import CallToolResult
from pytest_django.fixtures import Settings

from builder.agents.connections import connect
from builder.models import Agent
from builder.tools.server_tools import Choice
from builder.tools.servers import add_server, ask, bearer
from runs.models import Run
from runs.notifications import mailer
from runs.telemetry import logs, tracing
from teams.models import Member, Team, User
from teams.webhooks import outbox
from tests.collector import Collector
from tests.driving import drive
from tests.fixtures import Make, take
from tests.paths import ROOT
from tests.provider import Provider, call, fail, say
from tests.runs.telemetry.test_tracing import collector
from tests.smtp import MailServer, mail_server
from tests.test_permissions import OPERATIONS, PAGES, Things, _address, make_things
from tests.tool_server import ToolServer as RealServer
from tests.tool_server import answers, tool_server

__all__ = ["collector", "mail_server", "make_things", "tool_server"]

# Of the installation, as its environment gives them.
ENVIRONMENT = {
    "SECRET_KEY": "canary-secret-key-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "BATON_ENCRYPTION_KEYS": "canary-encryption-one,canary-encryption-two",
    "DATABASE_URL": "postgresql://baton:canary-database@127.0.0.1:9/baton",
    "REDIS_URL": "redis://:canary-redis@127.0.0.1:9/0",
    "EMAIL_URL": "smtp://baton:canary-mail-word@127.0.0.1:9",
    "METRICS_TOKEN": "canary-metrics-token",
    "OPENAI_API_KEY": "sk-canary-of-the-server",
    "OPENAI_BASE_URL": "http://127.0.0.1:9/v1",
    "ANTHROPIC_API_KEY": "canary-anthropic-key",
}
KINDS = ["openai-chat", "anthropic", "google"]
PASSWORD, WRONG_PASSWORD = "canary-password", "canary-password-mistyped"


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """All that any library logs, to the last detail, as the console would have it."""
    stream = io.StringIO()
    handlers = [logging.StreamHandler(stream), logging.StreamHandler(stream)]
    handlers[0].setFormatter(logs.Line("%(levelname)s %(name)s %(message)s"))
    handlers[1].setFormatter(logs.JsonLine())
    root = logging.getLogger()
    before = root.level
    root.setLevel(logging.DEBUG)
    for handler in handlers:
        handler.addFilter(logs.Subject())
        root.addHandler(handler)
    yield stream
    root.setLevel(before)
    for handler in handlers:
        root.removeHandler(handler)


def in_the_database() -> str:
    """Every column of every row, as text."""
    with connection.cursor() as cursor:
        cursor.execute("select quote_ident(tablename) from pg_tables where schemaname = 'public'")
        found = []
        for [table] in cursor.fetchall():
            cursor.execute(f"select string_agg(row::text, e'\n') from {table} row")
            found.append(f"{table}: {cursor.fetchone()[0]}")
    return "\n".join(found)


def in_redis(valkey: redis.Redis) -> str:
    return repr([(key, valkey.dump(key)) for key in valkey.scan_iter()])


def work(run: Run) -> Run:
    """Whatever else is due is left to others."""
    return drive(next(claim for claim in take(limit=50) if claim.run_id == run.pk))


def once(answer: str, pattern: str) -> str:
    """What a page shows for the only time."""
    found = re.search(pattern, answer)
    assert found, pattern
    return found[0]


@pytest.mark.django_db
def test_no_secret_is_found_again(
    provider: Provider,
    collector: Collector,
    tool_server: RealServer,
    mail_server: MailServer,
    valkey: redis.Redis,
    lines: io.StringIO,
    team: Team,
    make_member: Make[Member],
    make_agent: Make[Agent],
    make_run: Make[Run],
    make_things: Callable[[Team], Things],
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks,
) -> None:
    settings.DEBUG, settings.METRICS_TOKEN = False, ENVIRONMENT["METRICS_TOKEN"]
    settings.SECRET_KEY, settings.BATON_ENCRYPTION_KEYS = ENVIRONMENT["SECRET_KEY"], ["canary-encryption-one"]
    settings.MAILERS["default"]["OPTIONS"] |= {"username": "baton", "password": "canary-mail-word"}
    monkeypatch.setenv("OPENAI_API_KEY", ENVIRONMENT["OPENAI_API_KEY"])
    secrets = {"mail": "canary-mail-word", "server": ENVIRONMENT["OPENAI_API_KEY"], "password": PASSWORD}
    secrets |= {
        "keys": "canary-encryption-one",
        "secret key": settings.SECRET_KEY,
        "metrics": settings.METRICS_TOKEN,
    }
    settings.BATON_URL = "http://testserver"
    things = make_things(team)
    admin = make_member()
    admin.user.set_password(PASSWORD)
    admin.user.save()
    User.objects.filter(pk=admin.user.pk).update(is_staff=True, is_superuser=True)

    with django_capture_on_commit_callbacks(execute=True):
        # --- Given by people, on pages, and shown once where they are ours.
        browser = Client(raise_request_exception=False)
        form = {"login": admin.user.email, "password": WRONG_PASSWORD}
        assert browser.post(reverse("account_login"), form).status_code == 200
        assert browser.post(reverse("account_login"), form | {"password": PASSWORD}).status_code == 302
        browser.post(reverse("keys"), {"name": "Program", "scopes": ["read", "admin"], "expires": "never"})
        secrets["api key"] = once(browser.get(reverse("keys")).text, r"baton_[\w-]{20,}")
        browser.post(reverse("member_invite"), {"email": "guest@example.com", "role": "viewer"})
        secrets["invitation"] = once(browser.get(reverse("members")).text, r"(?<=token=)[\w-]{20,}")
        hook = {"url": "https://example.com/hook", "events": list(outbox.EVENTS), "description": ""}
        secrets["webhook"] = once(browser.post(reverse("webhook_new"), hook, follow=True).text, r"whsec_[\w+/=-]{20,}")
        for kind in KINDS:
            secrets[kind] = f"canary-key-of-{kind}"
            base_url = provider.url + ("/v1" if kind.startswith("openai") else "")
            sent = {"provider": kind, "name": "Ours", "key": secrets[kind], "base_url": base_url}
            if kind != "openai-chat":  # that one goes by the server's key
                assert browser.post(reverse("credential_new"), sent).status_code == 302
        secrets["mcp"] = tool_server.token = "canary-mcp-token"

        async def tell(arguments: dict[str, Any]) -> CallToolResult:
            return answers(f"You sent {tool_server.headers[-1]}", is_error=arguments == {"text": "fail"})

        tool_server.add("look", "Looks a thing up.", act=tell, read_only_hint=True)
        chosen = {"look": Choice(True, "read_only", False)}
        credential = bearer(tool_server.token)
        listing = ask(tool_server.url, credential)
        bank = add_server(team, "Bank", tool_server.url, credential=credential, listing=listing, choices=chosen)

        # --- Used, while everything repeats what it was sent.
        for kind in KINDS:
            said = secrets["server"] if kind == "openai-chat" else secrets[kind]
            agent = make_agent(f"Agent {kind}", model=f"{kind}:scripted")
            connect(agent, tools=list(bank.tools.filter(name="look").values_list("pk", flat=True)))
            provider.answers(
                fail(401, f"Wrong key: {said}"),
                fail(500, f"Broken: {said}"),
                call("bank__look", text="fail", key=said),
                call("bank__look", text=said),
                call("ask_person", question=f"Is {said} your key?"),
            )
            for _ in range(2):
                run = work(make_run(agent))
            Run.objects.filter(pk=run.pk).update(available_at="2020-01-01T00:00:00Z")
            assert work(run).status == "waiting"
        tool_server.token = "another"
        provider.answers(call("bank__look", text="x"), say("Done."))
        work(make_run(agent))
    mailer.deliver()
    tracing.send(5)

    # --- Shown, by every page, operation and export, and by a page that breaks.
    secrets["session"] = browser.cookies["sessionid"].value
    shown = []
    for route, entry in PAGES.items():
        if "GET" in entry.methods and route not in ("live/", "metrics"):
            response = browser.get(_address(route, things.ids.get(entry.of)))
            is_stream = isinstance(response, StreamingHttpResponse) and response.is_async
            shown.append("" if is_stream else response.getvalue().decode(errors="replace"))
    headers = {"authorization": f"Bearer {secrets['api key']}"}
    for name in OPERATIONS:
        if name.startswith("GET"):
            path = re.sub(r"\{\w+\}", str(things.ids.get(OPERATIONS[name].of)), name.partition(" ")[2])
            shown.append(browser.get(f"/api/v1{path}", headers=headers).text)
    shown.append(browser.get("/metrics", headers={"authorization": f"Bearer {settings.METRICS_TOKEN}"}).text)
    for model in (
        "teams_credential",
        "teams_webhook",
        "teams_apikey",
        "runs_step",
        "builder_toolserver",
    ):
        shown.append(browser.get(reverse(f"admin:{model}_changelist")).text)
    for run in Run.objects.all():
        shown.append(browser.get(reverse("run", args=[run.pk])).text)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("alter table runs_run rename to runs_gone")
        broken = browser.get(reverse("runs"), headers=headers)
        transaction.set_rollback(True)
    assert broken.status_code == 500
    places = {
        "database": in_the_database(),
        "Redis": in_redis(valkey),
        "logs": lines.getvalue(),
        "pages": "\n".join([*shown, broken.text]),
        "mails": "\n".join(map(str, mail_server.got)),
        "spans": repr(collector.spans),
        "models": repr([request.body for request in provider.requests]),
    }
    # The mail server knows no signing in, so there is an error in place of each mail.
    assert {name for name, text in places.items() if len(text) < 20} == {"mails"} and mail_server.got == []
    secrets |= {"mistyped": WRONG_PASSWORD}
    meant = {("session", "database")}
    found = {
        (name, place): text[max(0, text.index(secret) - 80) :][:200]
        for name, secret in secrets.items()
        for place, text in places.items()
        if secret in text and (name, place) not in meant
    }
    assert not found


@pytest.mark.parametrize("command", ["doctor", "migrate"])
def test_no_command_tells_a_secret_of_the_environment(tmp_path: Path, command: str) -> None:
    """While nothing can be reached, so that each error tells what it was tried with."""
    environment = {**os.environ, **ENVIRONMENT, "DJANGO_SETTINGS_MODULE": "config.settings"}
    environment |= {"BATON_HOME": str(tmp_path), "LOG_LEVEL": "DEBUG"}
    done = subprocess.run(
        [sys.executable, "manage.py", command],
        cwd=ROOT,
        env=environment,
        check=False,
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert done.stdout + done.stderr and "canary" not in done.stdout + done.stderr
