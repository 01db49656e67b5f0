"""The settings, all read from the environment; docs/settings.md lists them.

Without DATABASE_URL and REDIS_URL, Baton uses the embedded servers of BATON_HOME: `script/server`
starts them and writes their addresses to BATON_HOME/servers.json, where every other command finds them.
"""

import json
import os
import secrets
import sys
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import dj_database_url
from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.csp import CSP

from .environment import listed, number, one_of, stays_here, switch, whole

BASE_DIR = Path(__file__).resolve().parent.parent


# --- Where things are ------------------------------------------------------------------------

BATON_HOME = Path(os.environ.get("BATON_HOME") or BASE_DIR / ".baton").absolute()


def _embedded(key: str) -> str:
    try:
        return str(json.loads((BATON_HOME / "servers.json").read_text())[key])
    except (OSError, ValueError, KeyError):
        return ""


def _secret_key() -> str:
    """Return SECRET_KEY, or a key that was created once beside the embedded data, readable by its owner only."""
    if key := os.environ.get("SECRET_KEY"):
        return key
    path = BATON_HOME / "secret_key"
    if not path.exists():
        BATON_HOME.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = path.with_suffix(f".{os.getpid()}")
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_urlsafe(50))
        try:
            os.link(fresh, path)  # if two first starts run at once, one creates the key and both read it
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return path.read_text()


try:
    SECRET_KEY = _secret_key()
except OSError as error:
    sys.exit(f"BATON_HOME {BATON_HOME} cannot be read and written: {error.strerror}.")
DEBUG = switch("DEBUG", False)
# Requests for this machine itself are always allowed: health checks send them.
ALLOWED_HOSTS = [*listed("ALLOWED_HOSTS"), "localhost", "127.0.0.1", "[::1]"]
CSRF_TRUSTED_ORIGINS = listed("CSRF_TRUSTED_ORIGINS")

# No server has these addresses: a command that needs one says how to start it.
DATABASE_URL = (
    os.environ.get("DATABASE_URL") or _embedded("database_url") or "postgresql://%2Fbaton-is-not-running/baton"
)
REDIS_URL = os.environ.get("REDIS_URL") or _embedded("redis_url") or "unix:///baton-is-not-running"

_database: dict[str, Any] = dict(dj_database_url.parse(DATABASE_URL))
_database["CONN_HEALTH_CHECKS"] = True
_database.setdefault("OPTIONS", {})
# A pool keeps threads, which do not survive a fork: only the web process (config/asgi.py) asks for one.
if switch("BATON_DATABASE_POOL", False):
    _database["OPTIONS"]["pool"] = {"min_size": 1, "max_size": 20, "timeout": 10}
    _database["CONN_MAX_AGE"] = 0
else:
    _database["CONN_MAX_AGE"] = None
# PgBouncer would lose a cursor that outlives its transaction.
_database["DISABLE_SERVER_SIDE_CURSORS"] = True
DATABASES = {"default": _database}
# How long a migration waits for a table that is in use before it lets others go first and tries again.
MIGRATION_LOCK_SECONDS = number("MIGRATION_LOCK_SECONDS", 3)

RQ_QUEUES = {
    "default": {
        "URL": REDIS_URL,
        "SERIALIZER": "rq.serializers.JSONSerializer",
        "REDIS_CLIENT_KWARGS": {"socket_connect_timeout": 2, "health_check_interval": 30},
    }
}
RQ = {"WORKER_CLASS": "runs.workers.worker.ShiftWorker"}
CACHES = {
    "default": {
        "BACKEND": "data.redis.shared_cache.SharedCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "baton",
        "OPTIONS": {"serializer": "data.redis.shared_cache.Json", "socket_connect_timeout": 2, "socket_timeout": 5},
    }
}

# --- How work is done ------------------------------------------------------------------------

RUNS_PER_WORKER = whole("RUNS_PER_WORKER", 50, least=1)
BATON_LEASE_SECONDS = number("BATON_LEASE_SECONDS", 15)
# The model of agents without a model of their own.
BATON_DEFAULT_MODEL = os.environ.get("BATON_DEFAULT_MODEL", "offline")

# How often a temporary error (429, 5xx, no connection) is retried, with a longer wait each time.
MODEL_RETRIES = whole("MODEL_RETRIES", 4)
# The longest pause that a provider may ask for.
MODEL_WAIT_SECONDS = number("MODEL_WAIT_SECONDS", 3600)
MODEL_CONNECT_SECONDS = number("MODEL_CONNECT_SECONDS", 10)
MODEL_SILENCE_SECONDS = number("MODEL_SILENCE_SECONDS", 60)
MODEL_TOTAL_SECONDS = number("MODEL_TOTAL_SECONDS", 600)
# How long a call of an MCP server's tool may take.
TOOL_SECONDS = number("TOOL_SECONDS", 60)
# What a run may use if neither its agent nor its team has a budget; 0 is no limit. Requests to its model, tokens in
# and out, US dollars, minutes of work.
RUN_REQUEST_LIMIT = whole("RUN_REQUEST_LIMIT", 50)
RUN_TOKEN_LIMIT = whole("RUN_TOKEN_LIMIT", 2000000)
RUN_USD_LIMIT = number("RUN_USD_LIMIT", 5)
RUN_MINUTES_LIMIT = number("RUN_MINUTES_LIMIT", 60)

# --- What comes in ---------------------------------------------------------------------------

# How many requests an API key may send in a minute; 0 is no limit. A key may have a lower limit.
API_REQUESTS_PER_MINUTE = whole("API_REQUESTS_PER_MINUTE", 6000)

# --- What goes out ---------------------------------------------------------------------------


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
    return {"default": {"BACKEND": "django.core.mail.backends.smtp.EmailBackend", "OPTIONS": options}}


# The address under which people reach Baton; links in emails and webhooks start with it.
_port = os.environ.get("PORT") or _embedded("port") or "8000"
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

# --- Django ----------------------------------------------------------------------------------

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "servestatic.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_htmx",
    "config.apps.QueuesAndWorkers",
    "lucide",
    "ninja",
    "web",
    "teams",
    "builder",
    "cases",
    "runs",
    "routes",
    "ops",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "servestatic.middleware.ServeStaticMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "ops.admin.teams.admin_policy",
    "web.http.security_headers.security_headers",
    "teams.keys.request_text.storable_texts",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "teams.access.sessions.Prolongs",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "teams.access.reauthentication.AdminAsksAgain",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "web.http.failures.explained",
]

ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
            "builtins": ["web.templatetags.signs", "teams.templatetags.people"],
        },
    }
]

# Words that belong to the pages of several apps, and that the lowest apps draw.
NAVIGATION = "config.navigation.NAVIGATION"
SETTINGS_NAVIGATION = "config.navigation.SETTINGS"
STATES = "config.states.STATES"
MOVING_STATES = "config.states.MOVING"
HELP_TOPICS = "config.help_topics.TOPICS"
AUDIT_ACTS = "config.audit_acts.AREAS"

UNFOLD = {
    "SITE_TITLE": "Baton",
    "SITE_HEADER": "Baton",
    "SITE_SUBHEADER": "For operators",
    "SITE_URL": "/",
    "STYLES": [lambda request: static("css/admin.css")],
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("icon.svg")},
    ],
    "SIDEBAR": {
        "show_all_applications": False,
        "navigation": [
            {
                "title": title,
                "separator": True,
                "items": [
                    {"title": name, "icon": icon, "link": reverse_lazy(f"admin:{address}")}
                    for name, icon, address in items
                ],
            }
            for title, items in {
                "Operation": [
                    ("Health", "monitor_heart", "health"),
                    ("Queues and workers", "memory", "django_rq_dashboard_changelist"),
                    ("Audit log", "policy", "teams_auditentry_changelist"),
                ],
                "Teams": [
                    ("Teams", "groups", "teams_team_changelist"),
                    ("People", "person", "teams_user_changelist"),
                    ("API keys", "vpn_key", "teams_apikey_changelist"),
                    ("Keys to models", "key", "teams_credential_changelist"),
                    ("Webhooks", "webhook", "teams_webhook_changelist"),
                    ("Deliveries", "outbox", "teams_delivery_changelist"),
                ],
                "Agents": [
                    ("Agents", "smart_toy", "builder_agent_changelist"),
                    ("Revisions", "history_edu", "builder_revision_changelist"),
                    ("MCP servers", "construction", "builder_toolserver_changelist"),
                    ("Schedules", "schedule", "runs_schedule_changelist"),
                ],
                "Work": [
                    ("Queues", "inbox", "cases_queue_changelist"),
                    ("Cases", "folder", "cases_case_changelist"),
                    ("Events", "timeline", "cases_caseevent_changelist"),
                    ("Runs", "play_circle", "runs_run_changelist"),
                    ("Steps", "footprint", "runs_step_changelist"),
                    ("Handovers", "sync_alt", "runs_handover_changelist"),
                    ("Requests", "contact_support", "runs_humanrequest_changelist"),
                    ("Request emails", "mail", "runs_requestemail_changelist"),
                    ("Bulk actions", "checklist", "runs_bulkaction_changelist"),
                ],
            }.items()
        ],
    },
}

AUTH_USER_MODEL = "teams.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "account_login"
# The second one reads older hashes, which are replaced when their owners sign in.
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ["email", "first_name", "last_name"]},
    },
]
PASSWORD_RESET_TIMEOUT = 24 * 3600

ACCOUNT_ADAPTER = "teams.sign_in.adapter.Account"
USERSESSIONS_ADAPTER = "teams.sign_in.adapter.Sessions"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_CHANGE_EMAIL = True
# Without email nobody could confirm an address.
ACCOUNT_EMAIL_VERIFICATION = "mandatory" if MAILERS else "none"
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGIN_ON_PASSWORD_RESET = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
# Sensitive actions ask for the password again if it was last entered longer ago than this.
ACCOUNT_REAUTHENTICATION_TIMEOUT = 60 * number("REAUTHENTICATION_MINUTES", 15)
# The keys count an address and a network together, `_anywhere` an address alone, `_known` an address on a device that
# its owner has signed in with (teams/sign_in/attempts.py has the periods).
ACCOUNT_RATE_LIMITS = {
    "login": None,  # correct attempts are not counted
    "login_failed": "30/5m/ip,5/5m/key",
    "login_failed_anywhere": "60/60m/key",
    "login_failed_known": "10/5m/key",
    "code": "30/5m/ip,5/5m/key",
    "code_anywhere": "30/60m/key",
    "code_known": "5/5m/key",
    "reset_password": None,
    "reset_link": "20/5m/ip,3/5m/key",
    "reset_link_anywhere": "10/60m/key",
    "reset_link_known": "3/5m/key",
    "invitation": "20/5m/key",
    "api_key": "300/5m/key",
    "reset_password_from_key": "20/5m/ip",
    "reauthenticate": "10/5m/user",
    "change_password": "10/5m/user",
    "manage_email": "10/5m/user",
    "confirm_email": "1/1m/key",
}
ACCOUNT_FORMS = {
    "login": "teams.sign_in.account_forms.SignIn",
    "reset_password": "teams.sign_in.account_forms.ResetPassword",
    "reset_password_from_key": "teams.sign_in.account_forms.NewPassword",
    "change_password": "teams.sign_in.account_forms.ChangePassword",
    "set_password": "teams.sign_in.account_forms.SetPassword",
    "reauthenticate": "teams.sign_in.account_forms.Reauthenticate",
    "add_email": "teams.sign_in.account_forms.ChangeEmail",
}
MFA_ADAPTER = "teams.access.two_step.TwoStep"
MFA_FORMS = {
    "authenticate": "teams.sign_in.account_forms.TwoStepCode",
    "reauthenticate": "teams.sign_in.account_forms.TwoStepCodeAgain",
    "activate_totp": "teams.sign_in.account_forms.FirstCode",
}
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Baton"
# The clock of a phone may be half a minute off.
MFA_TOTP_TOLERANCE = 1
MFA_RECOVERY_CODES_SHOW_ONCE = True
# There is no sign-up, so nobody can register another person's address.
MFA_ALLOW_UNVERIFIED_EMAIL = True
# Attempts to sign in are counted by address: the peer's without proxies, otherwise that in X-Forwarded-For.
ALLAUTH_TRUSTED_PROXY_COUNT = BATON_PROXIES

LANGUAGE_CODE = "en"
USE_I18N = False
USE_TZ = True
TIME_ZONE = "UTC"

# As many agent files as one import accepts.
DATA_UPLOAD_MAX_NUMBER_FILES = 1000

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

STATIC_URL = "static/"
# The help shows the pictures of the docs.
STATICFILES_DIRS = [BASE_DIR / "static", ("help", BASE_DIR / "docs" / "images")]
# Files are served from the checkout, unless collectstatic has copied them into one folder, as in the image.
STATIC_ROOT = Path(os.environ.get("BATON_STATIC") or BATON_HOME / "static").absolute()
SERVESTATIC_USE_FINDERS = "BATON_STATIC" not in os.environ
SERVESTATIC_AUTOREFRESH = DEBUG

# The files of cases. No URL leads here: views of the team send them.
MEDIA_ROOT = Path(os.environ.get("BATON_FILES") or BATON_HOME / "files").absolute()
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"file_permissions_mode": 0o600, "directory_permissions_mode": 0o700},
    },
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}

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

# A collector for spans; OpenTelemetry's own code reads its other variables.
TRACES = bool(
    os.environ.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") or os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT")
) and not switch("OTEL_SDK_DISABLED", False)
# The token for /metrics; without a token only this machine can read them.
METRICS_TOKEN = os.environ.get("METRICS_TOKEN", "")

# Lines for people, or with `json` one JSON object per line, for the web server too.
LOG_FORMAT = one_of("LOG_FORMAT", "line", ("line", "json"))
_level = one_of("LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"))
LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"subject": {"()": "runs.telemetry.logs.Subject"}},
    "formatters": {
        "line": {"()": "runs.telemetry.logs.Line", "format": "%(levelname)s %(name)s %(message)s"},
        "json": {"()": "runs.telemetry.logs.JsonLine"},
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "json" if LOG_FORMAT == "json" else "line",
            "filters": ["subject"],
        }
    },
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        name: {"level": _level} for name in ("data", "web", "teams", "builder", "cases", "runs", "routes", "ops")
    },
}
if LOG_FORMAT == "json":
    LOGGING["loggers"] |= {
        name: {"handlers": ["console"], "propagate": False} for name in ("uvicorn", "uvicorn.access")
    }
