"""Sessions and their two limits: how long one may lie idle, and how long one lasts whatever is done with it.

A session's row lasts until the earlier of the two, its cookie until the second. Use moves the end of the row by one
UPDATE and never saves the session, which would undo what another request is saving at the same time.
"""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends import db
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.deprecation import MiddlewareMixin

STARTED = "started"  # when the person signed in, in seconds since 1970
# The end is moved in steps, so that not every page writes.
_STEP_SECONDS = 300
# Sent by static/js/live-stream.js with what a page fetches by itself: nobody needs to sit before it.
_BY_ITSELF = "Baton-Live"


class SessionStore(db.SessionStore):
    """The engine of SESSION_ENGINE. `ends`: what the row says, once it was read."""

    ends: datetime | None = None

    def load(self) -> dict[str, Any]:
        row = self.model.objects.filter(pk=self.session_key, expire_date__gt=timezone.now()).first()
        found: dict[str, Any] = self.decode(row.session_data) if row else {}
        # The limit may have been longer when the row was written.
        if row is None or _last_moment(found) <= timezone.now():
            self._session_key = None
            return {}
        self.ends = row.expire_date
        return found

    def cycle_key(self) -> None:
        """Signing in gives another key, and the whole time."""
        super().cycle_key()
        self[STARTED] = time.time()

    def get_expiry_age(self, **about: Any) -> int:
        """Of the cookie."""
        return max(0, int((_last_moment(self) - timezone.now()).total_seconds()))

    def get_expiry_date(self, **about: Any) -> datetime:
        """Of the row."""
        return min(timezone.now() + timedelta(seconds=settings.SESSION_COOKIE_AGE), _last_moment(self))

    def prolong(self) -> None:
        """Someone has just used it. One that has ended in the meantime stays ended."""
        if self.ends is None or not self.session_key or SESSION_KEY not in self:
            return
        if STARTED not in self:  # signed in before there were limits
            self[STARTED] = time.time()
        ends, step = self.get_expiry_date(), min(_STEP_SECONDS, settings.SESSION_COOKIE_AGE / 20)
        if abs(ends - self.ends) > timedelta(seconds=step):
            self.model.objects.filter(pk=self.session_key, expire_date__gt=timezone.now()).update(expire_date=ends)


def _last_moment(session: Any) -> datetime:
    started: float = session.get(STARTED) or time.time()
    return datetime.fromtimestamp(started + settings.BATON_SESSION_SECONDS, UTC)


class Prolongs(MiddlewareMixin):
    """A request that asked who sends it is use of their session, unless an open page sent it by itself."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        session = request.session
        by_itself = request.path == reverse("live") or _BY_ITSELF in request.headers
        if session.accessed and isinstance(session, SessionStore) and not by_itself:
            session.prolong()
        return response
