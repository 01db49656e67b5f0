"""How Baton signs in to a mailbox: with which certificates, and with tokens that it renews."""

import http.server
import json
import threading
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl

import pytest
from django.test import Client
from django.urls import reverse

from cases.models import Queue
from channels.mailboxes import polling, tokens
from channels.mailboxes.mailbox_sources import MailboxFields, change_mailbox, create_mailbox
from channels.models import Source
from data.errors import Refused
from data.secrets import unseal
from teams.keys.api_keys import create_key
from teams.models import AuditEntry, Team
from tests.channels.email.dovecot import PASSWORD, USER, Dovecot, dovecot, started

__all__ = ["dovecot"]

pytestmark = pytest.mark.django_db


def problem_of(source: Source) -> str:
    polling.look(source.pk)
    source.refresh_from_db()
    return str(source.state["problem"])


# --- Certificates ----------------------------------------------------------------------------


def test_only_a_server_with_the_right_certificate_gets_the_password(
    team: Team, queue: Queue, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.BATON_ALLOW_PRIVATE_ADDRESSES = True
    with started("127.0.0.1") as right, started("imap.elsewhere.example") as wrong:

        def found(server: Dovecot, tls: str) -> str:
            port = server.tls_port if tls == "implicit" else server.port
            said = {"host": "127.0.0.1", "port": port, "tls": tls, "user": USER}
            return problem_of(create_mailbox(team, MailboxFields("Support", queue, said, PASSWORD)))

        assert "certificate of 127.0.0.1 is not accepted" in found(right, "implicit")
        # An authority that the operator trusts.
        monkeypatch.setenv("SSL_CERT_FILE", str(right.ca))
        assert found(right, "implicit") == ""
        assert found(right, "starttls") == ""
        monkeypatch.setenv("SSL_CERT_FILE", str(wrong.ca))
        for tls in ("implicit", "starttls"):
            assert "not accepted: IP address mismatch" in found(wrong, tls)


def test_a_server_without_starttls_gets_no_password(team: Team, queue: Queue, dovecot: Dovecot) -> None:
    said = dovecot.settings | {"tls": "starttls"}
    assert "TLS" in problem_of(create_mailbox(team, MailboxFields("Support", queue, said, PASSWORD)))


# --- Tokens ----------------------------------------------------------------------------------


class TokenServer:
    """Gives the tokens of `answers`, one after the other; `got`: the forms that were sent."""

    def __init__(self) -> None:
        self.got: list[dict[str, str]] = []
        self.answers: list[tuple[int, dict[str, Any]]] = []
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                form = self.rfile.read(int(self.headers["content-length"])).decode()
                server.got.append(dict(parse_qsl(form)))
                status, body = server.answers.pop(0)
                self.send_response(status)
                self.end_headers()
                self.wfile.write(json.dumps(body).encode())

            def log_message(self, *args: Any) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/token"
        threading.Thread(target=self._server.serve_forever, args=[0.05], daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def token_server() -> Iterator[TokenServer]:
    server = TokenServer()
    yield server
    server.close()


@pytest.fixture
def mailbox(team: Team, queue: Queue, dovecot: Dovecot, token_server: TokenServer) -> Source:
    said = dovecot.settings | {"sign_in": "oauth", "token_url": token_server.url, "client_id": "baton", "scope": "mail"}
    fields = MailboxFields("Support", queue, said, refresh_token="first", client_secret="quiet")
    return create_mailbox(team, fields)


def test_a_token_is_asked_for_kept_and_renewed(mailbox: Source, token_server: TokenServer) -> None:
    token_server.answers = [(200, {"access_token": "token", "expires_in": 3600, "refresh_token": "second"})]
    assert [problem_of(mailbox), problem_of(mailbox)] == ["", ""]
    [asked] = token_server.got
    assert asked == {
        **{"grant_type": "refresh_token", "refresh_token": "first", "client_id": "baton"},
        **{"client_secret": "quiet", "scope": "mail"},
    }
    assert "token" not in mailbox.secret  # sealed
    # It is renewed before it ends, with the new refresh token, and at the next look when the server does not take it.
    grant = tokens.Grant.model_validate_json(unseal(mailbox.secret))
    tokens._keep(mailbox, grant.model_copy(update={"ends_at": time.time() + 30}))
    token_server.answers = [(200, {"access_token": "revoked"}), (200, {"access_token": "token"})]
    assert "could not sign in" in problem_of(mailbox)
    assert problem_of(mailbox) == ""
    assert [form["refresh_token"] for form in token_server.got] == ["first", "second", "second"]


def test_without_a_refresh_token_the_application_signs_in_as_itself(
    mailbox: Source, queue: Queue, token_server: TokenServer
) -> None:
    said = mailbox.settings | {"token_url": f"{token_server.url}/2"}
    change_mailbox(mailbox, MailboxFields("Support", queue, said, client_secret="new"))
    token_server.answers = [(200, {"access_token": "token", "expires_in": "3600"})]
    assert problem_of(mailbox) == ""
    assert token_server.got[0]["grant_type"] == "client_credentials"


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (
            400,
            {"error": "invalid_grant", "error_description": "It is\nrevoked."},
            "gave no token: It is revoked.",
        ),
        (200, {"error": "denied"}, "gave no token: denied."),
        (500, {}, "gave no token: status 500."),
    ],
)
def test_a_refused_token_is_a_problem_in_the_words_of_the_server(
    mailbox: Source, token_server: TokenServer, status: int, body: dict[str, str], words: str
) -> None:
    token_server.answers = [(status, body)]
    assert words in problem_of(mailbox)


def test_tokens_are_asked_for_at_checked_addresses_only(
    mailbox: Source, token_server: TokenServer, settings: Any
) -> None:
    settings.BATON_ALLOW_PRIVATE_ADDRESSES = False
    assert "private network" in problem_of(mailbox)
    assert not token_server.got


def test_a_secret_is_not_sent_to_a_server_that_it_was_not_entered_for(
    mailbox: Source, queue: Queue, team: Team, dovecot: Dovecot, token_server: TokenServer
) -> None:
    with_password = create_mailbox(team, MailboxFields("Other", queue, dovecot.settings, PASSWORD))
    for source, change, field in (
        (with_password, {"host": "imap.evil.example"}, "password"),
        (mailbox, {"host": "imap.evil.example"}, "refresh_token"),
        (mailbox, {"token_url": f"{token_server.url}/evil"}, "refresh_token"),
        (mailbox, {"sign_in": "password"}, "password"),
        (with_password, {"sign_in": "oauth", "token_url": token_server.url, "client_id": "x"}, "refresh_token"),
        (mailbox, {"token_url": ""}, "token_url"),
        (mailbox, {"token_url": "gopher://x"}, "token_url"),
        (mailbox, {"client_id": ""}, "client_id"),
    ):
        source.refresh_from_db()
        with pytest.raises(Refused) as refused:
            change_mailbox(source, MailboxFields(source.name, queue, source.settings | change))
        assert f"settings.{field}" in refused.value.fields, (change, refused.value.fields)


def test_the_page_takes_what_oauth_needs_and_never_shows_it(
    signed_in: Client, queue: Queue, team: Team, token_server: TokenServer
) -> None:
    said = {
        **{"name": "Office", "queue_id": queue.pk, "host": "imap.example.com", "port": 993, "tls": "implicit"},
        **{"user": USER, "sign_in": "oauth", "token_url": "https://login.example.com/token", "client_id": "baton"},
        **{"client_secret": "very-quiet", "refresh_token": "refresh-me", "scope": "a b", "folder": "INBOX"},
        **{"after": "seen", "closed": "reopen", "per_hour": 20},
    }
    missing = signed_in.post(reverse("mailbox_new"), said | {"client_id": "", "client_secret": "", "refresh_token": ""})
    assert missing.status_code == 422
    made = signed_in.post(reverse("mailbox_new"), said)
    assert made.status_code == 302, made.content
    source = Source.objects.get()
    grant = tokens.Grant.model_validate_json(unseal(source.secret))
    assert (grant.refresh_token, grant.client_secret) == ("refresh-me", "very-quiet")
    address = reverse("mailbox_edit", args=[source.pk])
    page = signed_in.get(address).content.decode()
    assert "refresh-me" not in page + str(list(AuditEntry.objects.values_list("change", flat=True)))
    kept = signed_in.post(address, said | {"name": "Desk", "client_secret": "", "refresh_token": ""})
    assert kept.status_code == 302, kept.content
    source.refresh_from_db()
    assert (source.name, tokens.Grant.model_validate_json(unseal(source.secret)).refresh_token) == (
        "Desk",
        "refresh-me",
    )


def test_the_api_takes_what_oauth_needs_and_never_tells_it(team: Team, queue: Queue) -> None:
    program = Client(headers={"authorization": f"Bearer {create_key(team, 'Ours')[1]}"})
    said = {
        **{"host": "imap.example.com", "user": USER, "token_url": "https://login.example.com/token"},
        **{"client_id": "baton", "refresh_token": "refresh-me"},
    }
    wanted = {"queue_id": str(queue.pk), "kind": "imap", "name": "Support", "settings": said}
    made = program.post("/api/v1/sources", wanted, content_type="application/json")
    assert made.status_code == 201, made.content
    assert made.json()["settings"]["sign_in"] == "oauth"
    assert "refresh-me" not in made.text
    address = f"/api/v1/sources/{made.json()['id']}"
    for change, field in (
        ({"token_url": "https://evil.example/token"}, "refresh_token"),
        ({"token_url": "http://login.example.com/token", "refresh_token": "x"}, "token_url"),
        ({"token_url": "https://127.0.0.1/token", "refresh_token": "x"}, "token_url"),
        ({"host": "imap.evil.example"}, "refresh_token"),
    ):
        refused = program.patch(address, {"settings": change}, content_type="application/json")
        assert refused.status_code == 422, change
        assert f"settings.{field}" in refused.json()["error"]["fields"], refused.json()
    changed = program.patch(address, {"settings": {"password": "secret"}}, content_type="application/json").json()
    assert changed["settings"]["sign_in"] == "password"
