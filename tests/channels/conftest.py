"""A hook of the team, and messages to it."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from cases.models import Queue
from channels.models import Source
from channels.sources import sources
from channels.sources.sources import SourceFields
from teams.models import Team

type Send = Callable[..., Any]


@pytest.fixture
def hook(team: Team, queue: Queue) -> tuple[Source, str]:
    """A hook that asks for a bearer token, with its secret."""
    return sources.create_source(team, SourceFields("Shop", queue, Source.Auth.BEARER))


@pytest.fixture
def send(client: Client, hook: tuple[Source, str]) -> Send:
    """Send a message as JSON, by default with the right secret."""

    def send(content: Any, secret: str = "", kind: str = "application/json", **headers: str) -> Any:
        source, right = hook
        body = content if isinstance(content, str) else json.dumps(content)
        headers = {"authorization": f"Bearer {secret or right}"} | headers
        return client.post(f"/in/{source.token}", body, content_type=kind, headers=headers)

    return send
