"""Acts whose toast undoes them, in place."""

import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from builder.models import Agent
from cases.models import Case, Queue
from runs.models import Schedule
from runs.schedules.schedules import create_schedule
from teams.audit.actors import Actor
from teams.models import Member

IN_PLACE = {"HX-Request": "true", "HX-Target": "div#toasts"}


@pytest.mark.parametrize(
    ("name", "done", "undone"),
    [
        ("agent_pause", "Triage is paused.", "Triage has been resumed."),
        ("queue_pause", "Support is paused.", "Support is active again."),
        ("schedule_pause", "Schedule paused.", "Schedule resumed."),
        ("case_watch", "You no longer watch #1.", "You watch #1 now."),
    ],
)
def test_an_act_is_undone_from_its_toast_and_done_again(
    signed_in: Client,
    member: Member,
    queue: Queue,
    someone: Actor,
    make_agent: Callable[..., Agent],
    make_case: Callable[..., Case],
    name: str,
    done: str,
    undone: str,
) -> None:
    agent, case = make_agent("Triage", queue=queue), make_case("Charged twice")
    schedule: Schedule = create_schedule(agent, expression="0 8 * * *", zone="UTC", input="", by=someone)
    of = {"agent": agent, "queue": queue, "schedule": schedule, "case": case}[name.partition("_")[0]]
    address = reverse(name, args=[of.pk])
    for words in (done, undone, done):
        toast = signed_in.post(address, headers=IN_PLACE).text
        assert words in toast
        [address] = re.findall('hx-post="([^"]+)"', toast)
