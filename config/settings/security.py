"""Sessions, cookies, HTTPS, and what a page may load."""

from django.utils.csp import CSP

from .connections import BATON_HTTPS
from .environment import number, whole

SECURE_CSP: dict[str, list[str]] = {
    "default-src": [CSP.SELF],
    "img-src": [CSP.SELF, "data:"],
    "object-src": [CSP.NONE],
    "base-uri": [CSP.NONE],
    "form-action": [CSP.SELF],
    "frame-ancestors": [CSP.NONE],
}
ADMIN_CSP: dict[str, list[str]] = {
    **SECURE_CSP,
    "script-src": [CSP.SELF, CSP.UNSAFE_EVAL, CSP.UNSAFE_INLINE],
    "style-src": [CSP.SELF, CSP.UNSAFE_INLINE],
}
SESSION_ENGINE = "teams.access.sessions"
# A session ends after it was unused for this long, and in any case after BATON_SESSION_SECONDS.
SESSION_COOKIE_AGE = int(3600 * number("SESSION_IDLE_HOURS", 14 * 24, least=0.1))
BATON_SESSION_SECONDS = int(3600 * number("SESSION_HOURS", 30 * 24, least=0.1))
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = BATON_HTTPS
# A browser accepts a cookie with this prefix only over HTTPS, for all paths and from this host: no other host of the
# same domain can set one.
_prefix = "__Host-" if BATON_HTTPS else ""
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = f"{_prefix}sessionid", f"{_prefix}csrftoken"
SESSION_COOKIE_HTTPONLY = True
# Forms of an open page send the newest token after its user has signed in again in another tab (static/js/failures.js).
CSRF_COOKIE_HTTPONLY = False
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_PATH = CSRF_COOKIE_PATH = "/"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BATON_HTTPS else None
SECURE_HSTS_SECONDS = whole("HSTS_SECONDS", 30 * 24 * 3600) if BATON_HTTPS else 0
SECURE_SSL_REDIRECT = BATON_HTTPS
# Requested by machines on the same network, without the proxy.
SECURE_REDIRECT_EXEMPT = ["^healthz$", "^readyz$", "^metrics$"]
