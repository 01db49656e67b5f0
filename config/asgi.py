"""The web process: `uvicorn config.asgi:application`."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("BATON_DATABASE_POOL", "1")

from django.core.asgi import get_asgi_application

from web.http.request_bodies import bounded

application = bounded(get_asgi_application())
