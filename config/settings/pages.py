"""The apps, and what pages, static files and uploads are made with."""

import os
from pathlib import Path

from .installation import BASE_DIR, BATON_HOME, DEBUG

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "django.contrib.admin.apps.SimpleAdminConfig",
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
    "channels",
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
    "web.http.methods.answers_head",
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
    "web.http.toasts.answers_in_place",
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
# What apps ask of apps to the right of them, which they may not import: what stands between a change of an agent and
# its going live, what works routing tests, what writes them as files, what the mappings of sources bring, and what the
# offline stand-in learns from.
ROUTE_GATE = "routes.checks.gate.GATE"
TEST_LANE = "routes.lane.lane.LANE"
TEST_FILES = "routes.test_files.exchange.TEST_FILES"
SOURCE_KEYS = "channels.forms.questions.source_keys"
CORRECTION_EXAMPLES = "routes.corrections.examples.examples"
TEST_EXAMPLES = "routes.routing_tests.examples.examples"
# What takes members' answers to agents that come by email.
EMAIL_ANSWERS = "runs.answers.replies.take"
# Who hears which questions of routing tests have been answered.
ANSWER_LISTENERS = ["routes.checks.checks.hear", "routes.impact.impacts.hear"]

LANGUAGE_CODE = "en"
USE_I18N = False
USE_TZ = True
TIME_ZONE = "UTC"

# By how addresses begin, in bytes: what anyone may send, without being known.
BODY_LIMITS = {"/f/": 25 * 1024 * 1024}

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
