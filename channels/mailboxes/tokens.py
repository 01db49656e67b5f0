"""Access tokens of mailboxes that sign in with OAuth: Baton renews them itself.

The secret of such a mailbox is a `Grant`, sealed. With a refresh token a new access token is asked for as RFC 6749 says
in section 6; without one the application signs in as itself (section 4.4), as those of Microsoft 365 can.
"""

import asyncio
import json
import time
from typing import Any
from urllib.parse import urlsplit

import httpcore2
import httpx2
from pydantic import BaseModel, ValidationError

from channels.models import Source
from data.network.addresses import checked_client
from data.secrets import seal, unseal

from .mailbox_settings import MailboxSettings
from .mailboxes import MailboxProblem

_SECONDS = 15.0
_MOST_BYTES = 200_000
# A token that expires while it is used would look like a wrong one, so it is renewed this much earlier.
_MARGIN_SECONDS = 120
_USUAL_SECONDS = 3600


class Grant(BaseModel):
    """What Baton knows to get an access token, and the last one it got. `ends_at`: by the clock of this machine."""

    refresh_token: str = ""
    client_secret: str = ""
    access_token: str = ""
    ends_at: float = 0


def secret_of(source: Source) -> str:
    """Return the password or a valid token of the mailbox. Raises Unreadable, and MailboxProblem where none is given.

    Outside any transaction: it may ask a server.
    """
    settings = MailboxSettings.model_validate(source.settings)
    secret = unseal(source.secret)
    if settings.sign_in != "oauth":
        return secret
    grant = Grant.model_validate_json(secret)
    if grant.access_token and grant.ends_at - _MARGIN_SECONDS > time.time():
        return grant.access_token
    return _renewed(source, settings, grant)


def forget(source: Source) -> None:
    """Ask for a new token at the next time: the server did not take this one."""
    try:
        grant = Grant.model_validate_json(unseal(source.secret))
    except ValidationError:  # a password
        return
    _keep(source, grant.model_copy(update={"access_token": ""}))


def _renewed(source: Source, settings: MailboxSettings, grant: Grant) -> str:
    try:
        answer = asyncio.run(_ask(settings, grant))
    except MailboxProblem:
        # Some servers take a refresh token once. Another process may have got the new one at this moment.
        now = Source.objects.get(pk=source.pk)
        if now.secret == source.secret:
            raise
        return secret_of(now)
    token, lasts = str(answer["access_token"]), answer.get("expires_in")
    seconds = float(lasts) if isinstance(lasts, int | float | str) and str(lasts).isdigit() else _USUAL_SECONDS
    changed = {"access_token": token, "ends_at": time.time() + seconds}
    if isinstance(fresh := answer.get("refresh_token"), str) and fresh:
        changed["refresh_token"] = fresh
    _keep(source, grant.model_copy(update=changed))
    return token


def _keep(source: Source, grant: Grant) -> None:
    """Unless someone has entered another secret in the meantime."""
    sealed = seal(grant.model_dump_json())
    if Source.objects.filter(pk=source.pk, secret=source.secret).update(secret=sealed):
        source.secret = sealed


async def _ask(settings: MailboxSettings, grant: Grant) -> dict[str, Any]:
    said = {"client_id": settings.client_id, "client_secret": grant.client_secret, "scope": settings.scope}
    if grant.refresh_token:
        said |= {"grant_type": "refresh_token", "refresh_token": grant.refresh_token}
    else:
        said |= {"grant_type": "client_credentials"}
    host = urlsplit(settings.token_url).hostname
    client = checked_client({}, connect_seconds=_SECONDS, silence_seconds=_SECONDS, most_bytes=_MOST_BYTES)
    try:
        async with asyncio.timeout(2 * _SECONDS), client:
            form = {name: value for name, value in said.items() if value}
            response = await client.post(settings.token_url, data=form, headers={"accept": "application/json"})
            content = await response.aread()
    except (httpx2.HTTPError, httpcore2.ConnectError, TimeoutError, OSError) as error:
        words = str(error) or "no answer in time"
        raise MailboxProblem(f"{host} cannot be asked for a token: {words.rstrip('.')}.") from error
    try:
        answer = json.loads(content)
    except ValueError:
        answer = None
    if response.status_code == 200 and isinstance(answer, dict) and answer.get("access_token"):
        return answer
    raise MailboxProblem(f"{host} gave no token: {_why(response.status_code, answer)}")


def _why(status: int, answer: Any) -> str:
    """The server's own words, in one line and without end."""
    said = answer if isinstance(answer, dict) else {}
    words = " ".join(str(said.get("error_description") or said.get("error") or f"status {status}").split())[:300]
    return words if words.endswith(".") else f"{words}."
