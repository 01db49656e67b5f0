"""Every email about an account, and the invitation: text and HTML, over a real server, and nothing in it acts."""

import re
from html.parser import HTMLParser
from pathlib import Path

import allauth
import pytest
from allauth.account.adapter import get_adapter
from allauth.core.context import request_context
from django.core.mail import mailers
from django.test import Client, RequestFactory
from django.utils import timezone

from teams.models import Member, Team
from tests.smtp import MailServer, html_of, mail_server, text_of
from web.emails.message import compose

__all__ = ["mail_server"]
pytestmark = pytest.mark.django_db

# What allauth could send, and nothing here leads to: codes instead of links, security keys, signing up by oneself.
_NEVER = {
    *("account/email/login_code", "account/email/password_reset_code", "account/email/account_already_exists"),
    *("mfa/email/webauthn_added", "mfa/email/webauthn_removed"),
}
EVIL = "<b onclick=x>Ann</b>\u202e\r\nBcc: a@example.com"


def of_allauth() -> set[str]:
    found = set()
    for app in ("account", "mfa"):
        for module in (Path(allauth.__file__).parent / app).rglob("*.py"):
            if "tests" not in module.parts:
                found |= set(re.findall(rf'"({app}/email/\w+)"', module.read_text()))
    return found - _NEVER


class _Tags(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def holds_in_both_forms(server: MailServer) -> tuple[str, str]:
    """The text and the HTML of the last email, once nothing in them acts and each link of one is in the other."""
    mail = server.got[-1]
    text, html = text_of(mail), html_of(mail)
    assert mail.get_content_type() == "multipart/alternative" and mail["Bcc"] is None
    tags = _Tags(html).tags
    assert not [tag for tag, _ in tags if tag in ("script", "img", "iframe", "form", "b", "object")]
    assert not [name for _, attributes in tags for name in attributes if name.startswith("on")]
    links = {attributes["href"] for tag, attributes in tags if tag == "a"}
    assert links and links == set(re.findall(r"^https?://\S+$", text, re.MULTILINE))
    assert all("style" in attributes for tag, attributes in tags if tag in ("a", "p", "body", "td"))
    assert "prefers-color-scheme:dark" in html and 'content="light dark"' in html
    assert "\u202e" not in text + html
    assert not re.search(r"\n\n\n|\{[{%]", text)
    return text, html


@pytest.mark.parametrize("prefix", sorted(of_allauth()))
def test_every_email_about_an_account_is_text_and_html(prefix: str, mail_server: MailServer, member: Member) -> None:
    request = RequestFactory().get("/")
    member.user.first_name = EVIL
    context = {
        "user": member.user,
        "timestamp": timezone.now(),
        "ip": "203.0.113.9",
        "user_agent": EVIL,
        "activate_url": "http://testserver/confirm/?a=1&b=2",
        "password_reset_url": "http://testserver/password/?a=1&b=2",
        "from_email": "old@example.com",
        "to_email": "new@example.com",
        "deleted_email": "old@example.com",
    }
    with request_context(request):
        get_adapter(request).send_mail(prefix, member.user.email, context)
    text, html = holds_in_both_forms(mail_server)
    assert mail_server.got[-1]["To"] == member.user.email
    assert "Baton" in text and "<title>" in html
    assert "Bcc:" not in mail_server.got[-1]["Subject"]


def test_an_invitation_is_text_and_html(signed_in: Client, mail_server: MailServer, team: Team) -> None:
    Team.objects.update(name="Ours <b>& co</b>\u202e")
    signed_in.post("/settings/members/invite/", {"email": "nia@example.com", "role": "operator"})
    text, html = holds_in_both_forms(mail_server)
    assert mail_server.got[-1]["Subject"] == "Invitation to Ours <b>& co</b>‹U+202E› on Baton"
    assert "to the team Ours <b>& co</b>‹U+202E› on Baton. Your role: operator." in text
    assert "Join Ours &lt;b&gt;&amp; co&lt;/b&gt;‹U+202E›" in html


def test_an_email_speaks_to_programs_that_show_text_and_to_those_that_show_html(mail_server: MailServer) -> None:
    """One template, two forms: a button is an address of its own line in text, and a link in HTML."""
    link = "http://x/?a=1&b=2"
    context = {"inviter": "Ann", "team": "Ours", "role": "viewer", "link": link, "days": 7, "home": "http://x"}
    with mailers.default as connection:
        connection.send_messages([compose("teams/invitation_email.html", context, "nia@example.com")])
    text, html = holds_in_both_forms(mail_server)
    assert "\n\nAccept the invitation:\nhttp://x/?a=1&b=2\n\n" in text
    assert '<a href="http://x/?a=1&amp;b=2"' in html and ">Accept the invitation</a>" in html
    assert text.endswith("-- \nBaton\nhttp://x\n")
