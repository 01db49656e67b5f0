"""{% email_is_set_up as yes %}, {% nobody_yet as yes %}, {% demo_account as demo %}, {{ user_agent|browser }}:
what pages of accounts ask for.
"""

import re
from collections.abc import Iterable

from django import template
from django.core.mail import mailers

from teams.models import User
from teams.people import demo_account as demo

register = template.Library()


@register.simple_tag
def email_is_set_up() -> bool:
    return "default" in mailers


@register.simple_tag
def nobody_yet() -> bool:
    """Could anyone sign in?"""
    return not User.objects.filter(is_active=True).exists()


@register.simple_tag
def demo_account() -> dict[str, str]:
    """Return the address and the password of the demo's account while its password is the well-known one."""
    return {"email": demo.EMAIL, "password": demo.PASSWORD} if demo.is_open() else {}


@register.simple_tag
def recovery_text(codes: Iterable[str]) -> str:
    """One on each line, as they are copied and saved."""
    return "\n".join(codes)


# The first that fits: each browser also names those that it wants to be taken for.
_BROWSERS = [("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari")]
_SYSTEMS = [
    ("Android", "Android"),
    ("iPhone|iPad", "iOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
]


@register.filter
def browser(user_agent: str) -> str:
    """`Firefox on Linux`, or what it says of itself."""
    names = [next((name for part, name in known if re.search(part, user_agent)), "") for known in (_BROWSERS, _SYSTEMS)]
    return " on ".join(filter(None, names)) or user_agent or "An unknown browser"
