"""Signing in: by password and code, by a link in a mail, and what keeps others out."""

import re
from io import StringIO

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.core.management import call_command
from django.test import Client

from teams.audit.actors import COMMAND_LINE
from teams.models import AuditEntry, Member, User
from teams.people import accounts
from tests.smtp import MailServer, mail_server, text_of  # noqa: F401

pytestmark = pytest.mark.django_db

PASSWORD = "a long password"


def sign_in(client: Client, member: Member, password: str = PASSWORD, next: str = "") -> str:
    """Where it leads; the page itself when it leads nowhere."""
    answer = client.post("/sign-in/", {"login": member.user.email, "password": password, "next": next})
    return answer.headers.get("Location") or answer.text


def is_in(client: Client) -> bool:
    return client.get("/account/").status_code == 200


@pytest.fixture
def with_mail(mail_server: MailServer, settings) -> MailServer:  # noqa: F811
    """As it is where EMAIL_URL is set."""
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    settings.BATON_URL = "http://testserver"
    return mail_server


def link_of(mail: MailServer) -> str:
    """The address in the last letter."""
    [link] = re.findall(r"http://testserver(\S+)", text_of(mail.got[-1]))
    return link


# --- By password -----------------------------------------------------------------------------


def test_the_password_lets_in_and_the_session_gets_another_key(client: Client, member) -> None:
    client.get("/sign-in/")
    client.cookies["sessionid"] = client.session.session_key or "planted"
    before = client.cookies["sessionid"].value
    assert "Wrong email or password." in sign_in(client, member, "wrong")
    assert not is_in(client)
    assert sign_in(client, member) == "/"
    assert client.cookies["sessionid"].value != before
    assert is_in(client)
    assert client.get("/sign-out/").status_code == 405
    assert client.post("/sign-out/").headers["Location"] == "/sign-in/"
    assert not is_in(client)


@pytest.mark.parametrize(
    ("wanted", "leads"),
    [
        ("/cases/?q=1", "/cases/?q=1"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("http://localhost/", "/"),
        ("javascript:alert(1)", "/"),
        ("/\\evil.example", "/"),
    ],
)
def test_it_leads_nowhere_else(client: Client, member, wanted: str, leads: str) -> None:
    assert sign_in(client, member, next=wanted) == leads


def test_who_is_deactivated_cannot_sign_in_and_sessions_end(signed_in: Client, member) -> None:
    assert is_in(signed_in)
    User.objects.filter(pk=member.user_id).update(is_active=False)
    assert not is_in(signed_in)
    browser = Client()
    assert sign_in(browser, member) == "/sign-in/deactivated/"
    assert "deactivated" in browser.get("/sign-in/deactivated/").text
    assert not is_in(browser)


def test_nobody_learns_who_has_an_account(client: Client, member, with_mail: MailServer) -> None:
    pages = [
        client.post("/sign-in/", {"login": email, "password": "wrong"}).text.replace(email, "")
        for email in (member.user.email, "nobody@example.com")
    ]
    csrf = r"[A-Za-z0-9]{64}"
    assert re.sub(csrf, "", pages[0]) == re.sub(csrf, "", pages[1])
    answers = [client.post("/password/", {"email": email}) for email in (member.user.email, "nobody@example.com")]
    assert [answer.headers["Location"] for answer in answers] == ["/password/sent/"] * 2
    assert len(with_mail.got) == 2, "a letter each, so both take as long"
    assert "/password/" not in text_of(with_mail.got[1])


def test_nobody_signs_up(client: Client, signed_in: Client) -> None:
    fresh, before = Client(), User.objects.count()
    for answer in (fresh.get("/sign-up/"), fresh.post("/sign-up/", {"email": "a@example.com", "password1": PASSWORD})):
        assert "by invitation" in answer.text
    assert User.objects.count() == before


# --- Too many attempts --------------------------------------------------------------------------


def test_too_many_tries_are_answered_with_how_long_to_wait(client: Client, member) -> None:
    for _ in range(5):
        sign_in(client, member, "wrong")
    answer = client.post("/sign-in/", {"login": member.user.email, "password": PASSWORD})
    assert answer.status_code == 429
    assert "Wait 5 minutes" in answer.text
    assert answer.headers["Retry-After"] == "300"
    assert not is_in(client)
    other = Client(REMOTE_ADDR="203.0.113.5")
    assert other.post("/sign-in/", {"login": member.user.email, "password": PASSWORD}).status_code == 302


def test_a_stranger_keeps_nobody_out_of_a_device_they_know(client: Client, member, settings) -> None:
    """Not from elsewhere, and not from the same network either."""
    settings.ACCOUNT_RATE_LIMITS = {**settings.ACCOUNT_RATE_LIMITS, "login_failed_anywhere": "20/60m/key"}
    assert sign_in(client, member) == "/"
    client.post("/sign-out/")
    same_network, stranger = Client(), Client(REMOTE_ADDR="203.0.113.5")
    for browser in (same_network, stranger):
        tries = [
            browser.post("/sign-in/", {"login": member.user.email, "password": "wrong"}).status_code for _ in range(6)
        ]
        assert tries == [200] * 5 + [429]
    for network in range(20):
        Client(REMOTE_ADDR=f"198.51.100.{network}").post("/sign-in/", {"login": member.user.email, "password": "wrong"})
    far = Client(REMOTE_ADDR="192.0.2.7").post("/sign-in/", {"login": member.user.email, "password": PASSWORD})
    assert far.status_code == 429, "from anywhere, counted more slowly"
    assert "Wait 60 minutes" in far.text
    assert sign_in(client, member) == "/"
    assert is_in(client)


def test_a_known_device_is_no_way_around_the_limits(client: Client, member, make_member) -> None:
    sign_in(client, member)
    client.post("/sign-out/")
    tries = [client.post("/sign-in/", {"login": member.user.email, "password": "wrong"}).status_code for _ in range(11)]
    assert tries == [200] * 10 + [429]
    # It knows one person, with one password, and nobody can write its cookie.
    other = make_member()
    tries = [client.post("/sign-in/", {"login": other.user.email, "password": "wrong"}).status_code for _ in range(6)]
    assert tries == [200] * 5 + [429]
    known = client.cookies["known_device"]
    assert known["httponly"]
    assert known["samesite"] == "Lax"
    member.user.set_password("another long password")
    member.user.save()
    fresh = Client(REMOTE_ADDR="203.0.113.9")
    fresh.cookies["known_device"] = known.value
    tries = [fresh.post("/sign-in/", {"login": member.user.email, "password": "wrong"}).status_code for _ in range(6)]
    assert tries == [200] * 5 + [429]
    forged = Client(REMOTE_ADDR="203.0.113.10")
    forged.cookies["known_device"] = f"x{known.value}"
    tries = [forged.post("/sign-in/", {"login": member.user.email, "password": "wrong"}).status_code for _ in range(6)]
    assert tries == [200] * 5 + [429]


def test_one_network_of_ipv6_is_one_network(client: Client, member) -> None:
    for last in range(5):
        Client(REMOTE_ADDR=f"2001:db8::{last}").post("/sign-in/", {"login": member.user.email, "password": "wrong"})
    again = Client(REMOTE_ADDR="2001:db8::ffff:1").post("/sign-in/", {"login": member.user.email, "password": PASSWORD})
    assert again.status_code == 429


def test_a_stranger_who_knows_the_password_tries_no_codes_away(client: Client, member) -> None:
    secret, _ = turn_on(member)
    sign_in(client, member)
    following = format_hotp_value(hotp_value(secret, list(yield_hotp_counters_from_time())[2]))
    assert client.post("/sign-in/code/", {"code": following}).headers["Location"] == "/"
    client.post("/sign-out/")
    stranger = Client(REMOTE_ADDR="203.0.113.5")
    assert sign_in(stranger, member) == "/sign-in/code/"
    tries = [stranger.post("/sign-in/code/", {"code": "000000"}).status_code for _ in range(6)]
    assert tries == [200] * 5 + [429]
    assert sign_in(client, member) == "/sign-in/code/"
    assert client.post("/sign-in/code/", {"code": "000000"}).status_code == 200, "refused for being wrong only"


def test_links_of_invitations_cannot_be_tried_out(client: Client, db: None) -> None:
    tries = [client.get(f"/invitation/?token={number}").status_code for number in range(21)]
    assert tries == [404] * 20 + [429]


def test_a_stranger_does_not_keep_the_right_person_from_a_new_password(member, with_mail: MailServer) -> None:
    stranger, right = Client(REMOTE_ADDR="203.0.113.5"), Client()
    for _ in range(4):
        stranger.post("/password/", {"email": member.user.email})
    assert right.post("/password/", {"email": member.user.email}).status_code == 302
    assert len(with_mail.got) == 4


def test_one_address_does_not_try_many_people(client: Client, member, settings) -> None:
    settings.ACCOUNT_RATE_LIMITS = {**settings.ACCOUNT_RATE_LIMITS, "login_failed": "3/5m/ip"}
    tries = [client.post("/sign-in/", {"login": f"p{n}@example.com", "password": "x"}).status_code for n in range(4)]
    assert tries == [200, 200, 200, 429]
    # Whatever a browser says of itself, unless proxies are known to say so.
    faked = {"x-forwarded-for": "198.51.100.7"}
    assert client.post("/sign-in/", {"login": "q@example.com", "password": "x"}, headers=faked).status_code == 429
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    assert client.post("/sign-in/", {"login": "q@example.com", "password": "x"}, headers=faked).status_code == 200
    faked = {"x-forwarded-for": "192.0.2.1, 198.51.100.7"}
    for _ in range(2):
        client.post("/sign-in/", {"login": "q@example.com", "password": "x"}, headers=faked)
    faked = {"x-forwarded-for": "192.0.2.99, 198.51.100.7"}
    assert client.post("/sign-in/", {"login": "r@example.com", "password": "x"}, headers=faked).status_code == 429


def test_codes_cannot_be_tried_out(client: Client, member) -> None:
    turn_on(member)
    assert sign_in(client, member) == "/sign-in/code/"
    tries = [client.post("/sign-in/code/", {"code": "000000"}).status_code for _ in range(6)]
    assert tries == [200] * 5 + [429]


def test_links_are_not_mailed_without_end(client: Client, member, with_mail: MailServer) -> None:
    tries = [client.post("/password/", {"email": member.user.email}).status_code for _ in range(4)]
    assert tries == [302, 302, 302, 429]
    assert len(with_mail.got) == 3


def test_without_redis_people_still_sign_in(client: Client, member, settings) -> None:
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": "unix:///nowhere"}}
    assert sign_in(client, member) == "/"


# --- Two steps -------------------------------------------------------------------------------


def code(secret: str) -> str:
    _, now, _ = yield_hotp_counters_from_time()
    return format_hotp_value(hotp_value(secret, now))


def turn_on(member: Member) -> tuple[str, list[str]]:
    """The secret of the app, and the recovery codes; as its own pages do it."""
    browser = Client()
    sign_in(browser, member)
    assert browser.get("/account/two-step/on/").headers["Location"].startswith("/account/again/")
    browser.post("/account/again/", {"password": PASSWORD, "next": "/account/two-step/on/"})
    page = browser.get("/account/two-step/on/").text
    secret = re.findall(r"<code>([A-Z2-7]{32})</code>", page)[0]
    answer = browser.post("/account/two-step/on/", {"code": code(secret)})
    assert answer.headers["Location"] == "/account/two-step/codes/"
    shown = re.findall(
        r"\b\d{8}\b", re.findall(r"<code>(.*?)</code>", browser.get(answer.headers["Location"]).text, re.S)[0]
    )
    assert len(shown) == 10
    again = browser.get("/account/two-step/codes/").text
    assert not [one for one in shown if one in again], "shown once"
    assert secret not in str(list(Authenticator.objects.values())), "sealed"
    return secret, shown


def test_with_two_steps_the_password_alone_lets_nobody_in(client: Client, member) -> None:
    secret, _ = turn_on(member)
    assert sign_in(client, member, next="/cases/") == "/sign-in/code/"
    assert not is_in(client)
    assert client.get("/cases/").status_code == 302
    wrong = client.post("/sign-in/code/", {"code": "123456"}).text
    assert "This code is wrong" in wrong
    following = format_hotp_value(hotp_value(secret, list(yield_hotp_counters_from_time())[2]))
    assert client.post("/sign-in/code/", {"code": following}).headers["Location"] == "/cases/"
    assert is_in(client)
    other = Client()
    sign_in(other, member)
    assert other.post("/sign-in/code/", {"code": following}).status_code == 200, "a code is good once"
    assert not is_in(other)


def test_a_recovery_code_lets_in_once(client: Client, member) -> None:
    _, codes = turn_on(member)
    sign_in(client, member)
    assert client.post("/sign-in/code/", {"code": codes[0]}).headers["Location"] == "/"
    other = Client()
    sign_in(other, member)
    assert other.post("/sign-in/code/", {"code": codes[0]}).status_code == 200
    assert not is_in(other)
    assert other.post("/sign-in/code/", {"code": codes[1]}).headers["Location"] == "/"


def test_turning_it_off_asks_who_it_is(signed_in: Client, member) -> None:
    turn_on(member)
    assert signed_in.post("/account/two-step/off/").headers["Location"].startswith("/account/again/")
    assert Authenticator.objects.filter(user=member.user).count() == 2
    signed_in.post("/account/again/", {"password": PASSWORD, "next": "/account/two-step/"})
    signed_in.post("/account/two-step/off/")
    assert not Authenticator.objects.exists()


def test_the_admin_is_behind_the_same_door(client: Client, member) -> None:
    User.objects.filter(pk=member.user_id).update(is_staff=True, is_superuser=True)
    assert client.get("/admin/", follow=True).redirect_chain[-1][0] == "/sign-in/?next=%2Fadmin%2F"
    credentials = {"username": member.user.email, "password": PASSWORD, "next": "/admin/"}
    assert client.post("/admin/login/", credentials).headers["Location"].startswith("/sign-in/")
    turn_on(member)
    assert sign_in(client, member, next="/admin/") == "/sign-in/code/"
    assert client.get("/admin/").status_code == 302


# --- By mail ---------------------------------------------------------------------------------


def test_a_mailed_link_sets_a_new_password_once(client: Client, member, with_mail: MailServer) -> None:
    accounts.change_email(member.user, member.user.email, verified=True)
    old = Client()
    sign_in(old, member)
    client.post("/password/", {"email": member.user.email.upper()})
    assert with_mail.got[-1]["To"] == member.user.email
    link = link_of(with_mail)
    form = client.get(link, follow=True)
    assert form.redirect_chain[-1][0].endswith("-set-password/"), "the secret is no more in the address"
    there = form.redirect_chain[-1][0]
    assert "too common" in client.post(there, {"password1": "password123", "password2": "password123"}).text
    answer = client.post(there, {"password1": "another long password", "password2": "another long password"})
    assert answer.headers["Location"] == "/"
    assert is_in(client)
    assert not is_in(old), "other sessions end"
    assert "is not valid" in Client().get(link, follow=True).text
    assert with_mail.got[-1]["Subject"] == "Your Baton password has changed"


def test_a_link_does_not_go_around_the_second_step(client: Client, member) -> None:
    turn_on(member)
    member.user.refresh_from_db()
    there = client.get(
        accounts.password_link(member.user, COMMAND_LINE).partition("8000")[2], follow=True
    ).redirect_chain[-1][0]
    answer = client.post(there, {"password1": "another long password", "password2": "another long password"})
    assert answer.headers["Location"] == "/sign-in/code/"
    assert not is_in(client)


def test_where_email_is_set_up_an_address_is_confirmed_first(client: Client, member, with_mail: MailServer) -> None:
    assert sign_in(client, member) == "/sign-in/confirm/"
    assert not is_in(client)
    link = link_of(with_mail)
    assert member.user.email in client.get(link).text
    client.post(link)
    assert sign_in(client, member) == "/"
    assert is_in(client)


def test_without_mail_the_page_says_who_helps(client: Client, member) -> None:
    assert "manage.py password_link" in client.get("/password/").text
    assert client.post("/password/", {"email": member.user.email}).status_code == 200
    output = StringIO()
    call_command("password_link", member.user.email, stdout=output)
    link = output.getvalue().splitlines()[-1]
    assert "Choose a password" in client.get(link.partition("8000")[2], follow=True).text


def test_a_mail_server_that_is_away_is_told(client: Client, member, with_mail: MailServer) -> None:
    with_mail.hangs_up = True
    assert "could not be sent" in client.post("/password/", {"email": member.user.email}, follow=True).text


@pytest.mark.parametrize("mailed", [True, False])
def test_an_address_is_confirmed_if_the_invitation_came_from_its_mailbox(
    signed_in: Client, with_mail: MailServer, mailed: bool
) -> None:
    answer = signed_in.post("/settings/members/invite/", {"email": "nia@example.com", "role": "viewer"}, follow=True)
    shown = answer.text.partition("http://testserver")[2].partition("<")[0].replace("&amp;", "&")
    browser = Client()
    there = browser.post(link_of(with_mail) if mailed else shown, {"name": "Nia", "password": "a fine long one"})
    assert there.headers["Location"] == ("/" if mailed else "/sign-in/confirm/")
    assert EmailAddress.objects.get(email="nia@example.com").verified == mailed
    assert is_in(browser) == mailed


# --- One's own account -----------------------------------------------------------------------


def again(client: Client) -> None:
    client.post("/account/again/", {"password": PASSWORD})


def test_an_address_is_changed_when_the_new_one_is_confirmed(signed_in: Client, member, with_mail: MailServer) -> None:
    old = member.user.email
    accounts.change_email(member.user, old, verified=True)
    again(signed_in)
    signed_in.post("/account/email/", {"email": "New@example.com", "action_add": ""})
    assert User.objects.get(pk=member.user_id).email == old
    link = link_of(with_mail)
    assert with_mail.got[-1]["To"] == "new@example.com"
    signed_in.post(link)
    assert User.objects.get(pk=member.user_id).email == "new@example.com"
    assert list(EmailAddress.objects.values_list("email", "verified", "primary")) == [("new@example.com", True, True)]
    assert with_mail.got[-1]["To"] == old, "the old one is told"


def test_an_address_that_was_never_confirmed_stays_until_then(signed_in: Client, member, with_mail: MailServer) -> None:
    again(signed_in)
    for email in ("new@example.com", "newer@example.com"):
        signed_in.post("/account/email/", {"email": email, "action_add": ""})
    assert User.objects.get(pk=member.user_id).email == member.user.email
    for act in ("action_primary", "action_remove"):
        signed_in.post("/account/email/", {"email": member.user.email, act: ""})
    assert User.objects.get(pk=member.user_id).email == member.user.email
    assert signed_in.post("/account/email/", {"email": "newer@example.com", "action_primary": ""}).status_code == 400


def test_an_address_that_one_only_asked_for_opens_nothing(signed_in: Client, member, with_mail: MailServer) -> None:
    again(signed_in)
    signed_in.post("/account/email/", {"email": "mistyped@example.com", "action_add": ""})
    Client().post("/password/", {"email": "mistyped@example.com"})
    assert with_mail.got[-1]["Subject"] == "No Baton account with this email address"


def test_of_two_who_ask_for_an_address_one_gets_it(signed_in: Client, make_member, with_mail: MailServer) -> None:
    again(signed_in)
    signed_in.post("/account/email/", {"email": "new@example.com", "action_add": ""})
    link = link_of(with_mail)
    accounts.change_email(make_member().user, "new@example.com", verified=False)
    assert "Someone else signs in" in signed_in.post(link, follow=True).text
    assert User.objects.get(email="new@example.com") != signed_in.get("/account/").wsgi_request.user


def test_without_mail_an_address_changes_at_once(signed_in: Client, member, make_member) -> None:
    page = signed_in.post("/account/email/", {"email": "new@example.com", "action_add": ""})
    assert page.headers["Location"].startswith("/account/again/")
    again(signed_in)
    taken = make_member().user.email
    assert "Someone else" in signed_in.post("/account/email/", {"email": taken, "action_add": ""}).text
    signed_in.post("/account/email/", {"email": "new@example.com", "action_add": ""})
    member.user.refresh_from_db()
    assert member.user.email == "new@example.com"
    assert sign_in(Client(), member) == "/"


def test_a_changed_password_ends_other_sessions(signed_in: Client, member) -> None:
    other = Client()
    sign_in(other, member)
    new = "another long password"
    signed_in.post("/account/password/", {"oldpassword": PASSWORD, "password1": new, "password2": new})
    assert is_in(signed_in)
    assert not is_in(other)


def test_other_devices_are_seen_and_signed_out(client: Client, member) -> None:
    here, there = Client(headers={"user-agent": "Firefox/153 (X11; Linux x86_64)"}), Client()
    sign_in(here, member)
    sign_in(there, member)
    page = here.get("/account/devices/").text
    assert "Firefox on Linux" in page
    here.post("/account/devices/")
    assert is_in(here)
    assert not is_in(there)


def test_a_name_is_changed(signed_in: Client, member) -> None:
    signed_in.post("/account/", {"name": "Ada Lovelace"})
    assert "Ada Lovelace" in signed_in.get("/account/").text


def test_older_hashes_are_replaced_when_their_people_sign_in(client: Client, member, settings) -> None:
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.ScryptPasswordHasher",
        "django.contrib.auth.hashers.MD5PasswordHasher",
    ]
    assert sign_in(client, member) == "/"
    assert User.objects.get(pk=member.user_id).password.startswith("scrypt$")


@pytest.mark.django_db(transaction=True)  # of second steps allauth tells on commit
def test_the_audit_log_is_told_of_all_of_it(signed_in: Client, member) -> None:
    turn_on(member)
    sign_in(Client(), member, "a canary")
    half_in = Client()
    sign_in(half_in, member)
    half_in.post("/sign-in/code/", {"code": "000000"})
    again(signed_in)
    signed_in.post("/account/two-step/codes/new/")
    signed_in.post("/account/two-step/off/")
    new = "another long canary"
    signed_in.post("/account/password/", {"oldpassword": PASSWORD, "password1": new, "password2": new})
    signed_in.post("/account/", {"name": "Ada Lovelace"})
    signed_in.post("/account/email/", {"email": "new@example.com", "action_add": ""})
    call_command("password_link", "new@example.com", stdout=StringIO())
    told = AuditEntry.objects.filter(team=member.team).exclude(act__in=["team_made", "queue_made", "signed_in"])
    assert [(entry.act, entry.source, entry.change) for entry in told.order_by("at", "id")] == [
        ("two_step_on", "person", ""),
        ("recovery_codes_made", "person", ""),
        ("sign_in_failed", "unknown", "Wrong password"),
        ("sign_in_failed", "unknown", "Wrong code of the second step"),
        ("recovery_codes_made", "person", ""),
        ("two_step_off", "person", ""),
        ("password_changed", "person", ""),
        ("person_changed", "person", "Name: – → Ada Lovelace"),
        ("email_changed", "person", f"Address: {member.user.email} → new@example.com"),
        ("password_link_made", "operator", ""),
    ]
    assert "canary" not in str(list(AuditEntry.objects.values()))
