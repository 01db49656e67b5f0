"""The pages of groups."""

import pytest

from teams.models import Group, Member

pytestmark = pytest.mark.django_db


def test_a_group_is_made_and_changed_on_pages(signed_in, member: Member) -> None:
    assert "No groups yet" in signed_in.get("/settings/groups/").text
    form = {
        "name": "Finance",
        "member_ids": [str(member.user.uuid)],
        "time_zone": "europe/berlin",
        "hours-0-days": ["mon", "tue"],
        "hours-0-start": "09:00",
        "hours-0-end": "17:00",
        "hours-1-days": ["sat"],
        "hours-1-start": "22:00",
        "hours-1-end": "",
        "hours-2-start": "",
        "due_hours": "4",
    }
    assert signed_in.post("/settings/groups/new/", form)["Location"] == "/settings/groups/"
    group = Group.objects.get()
    assert group.time_zone == "Europe/Berlin"
    assert group.hours == [
        {"days": ["mon", "tue"], "from": "09:00", "to": "17:00"},
        {"days": ["sat"], "from": "22:00", "to": "24:00"},
    ]
    page = signed_in.get(f"/settings/groups/{group.pk}/").text
    assert 'value="22:00"' in page
    signed_in.post(
        f"/settings/groups/{group.pk}/", form | {"name": "Accounting", "hours-0-start": "", "hours-0-days": []}
    )
    group.refresh_from_db()
    assert (group.name, len(group.hours)) == ("Accounting", 1)


def test_what_is_wrong_in_a_line_of_hours_stands_there_and_nothing_typed_is_lost(signed_in) -> None:
    form = {"name": "Finance", "time_zone": "UTC", "hours-0-days": ["mon"], "hours-0-start": "17:00"}
    page = signed_in.post("/settings/groups/new/", form | {"hours-0-end": "09:00"})
    assert page.status_code == 422
    assert "must end after they begin" in page.text
    assert 'value="17:00"' in page.text
    assert "Choose the days." in signed_in.post("/settings/groups/new/", form | {"hours-0-days": []}).text
    assert not Group.objects.exists()
