"""Signing in with a second step: it is set up with the code of an app, and asked for from then on."""

import time

from allauth.mfa.totp.internal import auth
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.urls import reverse
from playwright.sync_api import Page, expect

from teams.models import Member

PASSWORD = "a long enough password"


def code(secret: str, *, ahead: int = 0) -> str:
    """Return what the app shows, or will show next: each code is good once."""
    return auth.format_hotp_value(auth.hotp_value(secret, int(time.time()) // 30 + ahead))


def type_password(page: Page, web: str, member: Member) -> None:
    page.goto(web + "/sign-in/")
    page.get_by_label("Email").fill(member.user.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def test_a_second_step_is_set_up_and_asked_for(page: Page, web: str, transactional_db: None, member: Member) -> None:
    # As the web process makes it, in one round.
    member.user.password = PBKDF2PasswordHasher().encode(PASSWORD, "salt", iterations=1)
    member.user.save(update_fields=["password"])
    type_password(page, web, member)
    page.wait_for_url(web + "/")

    page.goto(web + reverse("mfa_activate_totp"))
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Continue").click()
    secret = page.get_by_role("group", name="The key").inner_text()
    typed = page.get_by_role("textbox", name="The code that the app shows")
    typed.fill("000000")
    page.get_by_role("button", name="Turn on").click()
    expect(page.get_by_text("This code is wrong")).to_be_visible()
    expect(page.get_by_role("group", name="The key")).to_have_text(secret)
    typed.fill(code(secret))
    page.get_by_role("button", name="Turn on").click()
    expect(page.get_by_text("Save these now")).to_be_visible()

    page.goto("about:blank")
    page.context.clear_cookies()
    type_password(page, web, member)
    expect(page.get_by_role("heading", name="One more step")).to_be_visible()
    page.get_by_label("Code").fill(code(secret, ahead=1))
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(web + "/")
