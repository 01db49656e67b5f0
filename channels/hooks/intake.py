"""A request to a hook's address: who sent it, and what it says."""

import base64
import hmac
import time
from email.message import Message as EmailPart
from email.parser import BytesParser
from email.policy import compat32
from typing import Any
from urllib.parse import parse_qsl

from django.http import HttpRequest

from channels.models import Source
from channels.sources.sources import Message
from data.errors import Refused
from data.secrets import unseal
from data.texts.json_text import read_json
from teams.webhooks.webhook_delivery import sign

LIMIT = 256 * 1024
USER = "baton"
_TOLERANCE_S = 300
_MOST_FIELDS = 500


def is_from_its_sender(request: HttpRequest, source: Source, body: bytes) -> bool:
    """Return whether the request proves that its sender knows the secret, in the way that the source asks for."""
    secret = unseal(source.secret)
    match source.settings["auth"]:
        case Source.Auth.BEARER:
            return _same(request.headers.get("authorization", ""), f"Bearer {secret}")
        case Source.Auth.BASIC:
            known = base64.b64encode(f"{USER}:{secret}".encode()).decode()
            return _same(request.headers.get("authorization", ""), f"Basic {known}")
        case _:
            return _is_signed(request, secret, body)


def _is_signed(request: HttpRequest, secret: str, body: bytes) -> bool:
    """Return whether the request is signed as Standard Webhooks has it. One of several signatures is enough, so that a
    sender can change its secret.
    """
    id, sent_at = request.headers.get("webhook-id", ""), request.headers.get("webhook-timestamp", "")
    if not id or not (sent_at.isascii() and sent_at.isdigit()) or abs(time.time() - int(sent_at[:15])) > _TOLERANCE_S:
        return False
    try:
        expected = sign(secret, id, int(sent_at), body)
    except ValueError:
        return False
    return any(_same(one, expected) for one in request.headers.get("webhook-signature", "").split())


# --- Emails ----------------------------------------------------------------------------------

# The fields in which services that receive emails send them on as they came: SendGrid's and Mailgun's.
_EMAIL_FIELDS = ("email", "body-mime")


def may_be_email(request: HttpRequest) -> bool:
    return request.content_type in ("message/rfc822", "multipart/form-data")


def email_of(request: HttpRequest, body: bytes) -> bytes:
    """The email in a request: its whole body, or the field of a form that holds it. Refused where there is none."""
    if request.content_type == "message/rfc822":
        return body
    head = f"Content-Type: {request.headers.get('content-type', '')}\r\n\r\n".encode("latin-1", "replace")
    form = BytesParser(policy=compat32).parsebytes(head + body)
    for part in form.get_payload() if form.is_multipart() else []:
        if isinstance(part, EmailPart) and part.get_param("name", header="content-disposition") in _EMAIL_FIELDS:
            content = part.get_payload(decode=True)
            if isinstance(content, bytes) and content.strip():
                return content
    raise Refused("Send the email as it came in the field “email” or “body-mime”.", "invalid")


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(), expected.encode())


def read_message(request: HttpRequest, body: bytes) -> Message:
    """Return what the request says. Refused where that is neither JSON nor a form."""
    id = request.headers.get("webhook-id") or request.headers.get("idempotency-key") or ""
    match request.content_type or "":
        case "application/x-www-form-urlencoded":
            return Message(_form(body), id)
        case kind if kind in ("application/json", "") or kind.endswith("+json"):
            return Message(_json(body), id)
        case _:
            raise Refused("Send JSON, application/x-www-form-urlencoded or message/rfc822.", "unsupported_media_type")


def _json(body: bytes) -> Any:
    try:
        content = read_json(body)
    except ValueError as error:
        raise Refused(f"The body is not JSON: {error}.", "invalid") from error
    if not isinstance(content, dict) or not content:
        raise Refused("Send a JSON object with at least one field.", "invalid")
    return content


def _form(body: bytes) -> dict[str, str]:
    try:
        fields = parse_qsl(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
    except ValueError as error:
        raise Refused("The form cannot be read. Send at most 500 fields in UTF-8.", "invalid") from error
    if not fields:
        raise Refused("Send a form with at least one field.", "invalid")
    content: dict[str, str] = {}
    for name, value in fields:
        content[name] = f"{content[name]}, {value}" if name in content else value
    return content
