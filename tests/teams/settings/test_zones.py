"""The time zone of a team: chosen among canonical names, and whose days count."""

from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo, available_timezones

import pytest
from django.test import Client
from django.urls import reverse

from builder.usage import limits, usage
from builder.usage.usage import Amount
from data.errors import Refused
from teams.models import AuditEntry, Team
from teams.settings import zones

pytestmark = pytest.mark.django_db


def test_every_canonical_name_is_a_zone_and_no_alias_is_among_them() -> None:
    assert set(zones.names()) <= available_timezones()
    assert {"Europe/Berlin", "America/Argentina/Buenos_Aires", "Asia/Kolkata", "UTC"} <= set(zones.names())
    assert not {"US/Pacific", "GB", "Asia/Calcutta", "Etc/GMT+5", "CET", "Zulu"} & set(zones.names())


def test_every_other_name_is_refused_and_leads_to_a_canonical_one_where_it_is_an_alias() -> None:
    others = available_timezones() - set(zones.names())
    for name in others:
        with pytest.raises(Refused, match=r"canonical name"):
            zones.check(name)
    led = [name for name in others if name.casefold() in zones._canonical()]
    assert len(led) > 100


def test_a_moment_in_words_names_weekday_date_time_and_zone() -> None:
    moment = datetime(2026, 11, 30, 20, 5, tzinfo=UTC)
    assert zones.in_words(moment, "Europe/Berlin") == "Monday, 30 November 2026, 21:05 (Europe/Berlin, UTC+01:00)"
    assert zones.in_words(moment, "UTC") == "Monday, 30 November 2026, 20:05 (UTC)"


def test_the_page_takes_a_name_as_people_write_it(signed_in: Client, team: Team) -> None:
    page = signed_in.get(reverse("general")).text
    assert page.count("<option") == len(zones.names()) and "America/New York" in page
    assert signed_in.post(reverse("general"), {"time_zone": " america/new york "}).status_code == 302
    team.refresh_from_db()
    assert team.time_zone == "America/New_York"
    assert AuditEntry.objects.filter(act="settings_changed", change__contains="America/New_York").exists()
    refused = signed_in.post(reverse("general"), {"time_zone": "Nowhere"})
    assert refused.status_code == 422 and "such as Europe/Berlin" in refused.text


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago", "UTC"])
def test_what_is_used_counts_for_the_day_of_the_team(team: Team, make_agent, zone: str) -> None:
    zones.change_zone(team, zone)
    agent = make_agent("Triage")
    usage.add(agent, "openai:x", Amount(requests=1, cost_usd=Decimal(3)))
    [row] = agent.usage.all()
    assert row.day == datetime.now(ZoneInfo(zone)).date()
    assert list(usage.by_day(agent.team, usage.last_days(agent.team, 1))) == [row.day]
    assert usage.spent_today([agent.team])[(team.pk, agent.pk)] == 3


def test_a_days_budget_says_where_it_is_midnight(team: Team, make_agent) -> None:
    Team.objects.filter(pk=team.pk).update(time_zone="Asia/Tokyo", budget={"usd_per_day": 1})
    team.refresh_from_db()
    agent = make_agent("Triage")
    usage.add(agent, "openai:x", Amount(requests=1, cost_usd=Decimal(3)))
    assert "midnight Asia/Tokyo" in limits.overspent([agent])[agent.pk].help


def test_two_teams_each_have_a_day_of_their_own(team: Team, make_team, make_agent) -> None:
    far = make_team("Far")
    zones.change_zone(far, "Pacific/Kiritimati")
    zones.change_zone(team, "Pacific/Pago_Pago")
    here, there = make_agent("Here"), make_agent("There", of=far)
    for agent in (here, there):
        usage.add(agent, "openai:x", Amount(requests=1, cost_usd=Decimal(1)))
    found = usage.spent_today([here.team, there.team])
    assert found == {(team.pk, here.pk): 1, (far.pk, there.pk): 1}
