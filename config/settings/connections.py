"""How people and programs reach Baton, and how it reaches them."""

import os
import sys
from typing import Any
from urllib.parse import unquote, urlsplit

from .environment import listed, stays_here, switch, whole
from .installation import embedded

# How many requests an API key may send in a minute; 0 is no limit. A key may have a lower limit.
API_REQUESTS_PER_MINUTE = whole("API_REQUESTS_PER_MINUTE", 6000)


def _mailers(url: str) -> dict[str, Any]:
    """Return Django's MAILERS for smtp://, smtp+tls:// (STARTTLS) or smtps://, with user:password@ if needed."""
    if not url:
        return {}
    address = urlsplit(url)
    ports = {"smtp": 25, "smtp+tls": 587, "smtps": 465}
    if address.scheme not in ports or not address.hostname:
        sys.exit("EMAIL_URL must begin with smtp://, smtp+tls:// or smtps:// and name a server.")
    options = {
        "host": address.hostname,
        "port": address.port or ports[address.scheme],
        "username": unquote(address.username or ""),
        "password": unquote(address.password or ""),
        "use_tls": address.scheme == "smtp+tls",
        "use_ssl": address.scheme == "smtps",
        "timeout": 15,
    }
    return {"default": {"BACKEND": "web.emails.smtp.Backend", "OPTIONS": options}}


# The address under which people reach Baton; links in emails and webhooks start with it.
_port = os.environ.get("PORT") or embedded("port") or "8000"
BATON_URL = (os.environ.get("BATON_URL") or f"http://localhost:{_port}").rstrip("/")
BATON_URL_IS_SET = bool(os.environ.get("BATON_URL"))
# The address of the web server.
HOST = os.environ.get("HOST", "").strip() or "127.0.0.1"
# The demo in an empty database, with a well-known password only if no other machine can reach Baton.
BATON_DEMO = switch("BATON_DEMO", True)
BATON_HTTPS = switch("BATON_HTTPS", False)
BATON_PROXIES = whole("BATON_PROXIES", 0)
BATON_IS_LOCAL = stays_here(HOST, listed("ALLOWED_HOSTS"), BATON_URL, is_behind_proxy=BATON_HTTPS or BATON_PROXIES > 0)
# Whether addresses that people enter may lead into this machine's network.
BATON_ALLOW_PRIVATE_ADDRESSES = switch("BATON_ALLOW_PRIVATE_ADDRESSES", False)
# The server that emails go through; without one no email is sent.
SILENCED_SYSTEM_CHECKS = [
    "mail.W001",  # having none is not worth a warning
    "security.W005",  # the owner of the domain decides whether HTTPS applies to subdomains, and permanently
    "security.W021",
]
MAILERS = _mailers(os.environ.get("EMAIL_URL", ""))
DEFAULT_FROM_EMAIL = os.environ.get("EMAIL_FROM") or f"Baton <baton@{urlsplit(BATON_URL).hostname or 'localhost'}>"
# The keys that encrypt secrets in the database, newest first (data/secrets.py). Without any, SECRET_KEY does.
BATON_ENCRYPTION_KEYS = listed("BATON_ENCRYPTION_KEYS")
