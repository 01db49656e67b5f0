"""Names behind an @ that are no mentions: which they are, and where they stand."""

from uuid import UUID, uuid4

import pytest
from django.test import Client

from builder.models import Agent
from builder.procedures import plain_names
from builder.procedures.plain_names import PlainName
from teams.models import Team
from tests.fixtures import Make

NAMES = {
    uuid4(): name
    for name in (
        "Billing",
        "Billing Specialist",
        "Müller & Söhne",
        "Dr. No (EU)",
        "請求",
        "담당자",
        "Разбор",
        "2nd Line",
        "André",
        "Andre",
    )
}
IDS = {name: agent_id for agent_id, name in NAMES.items()}
TOKEN = f"@[Billing]({'agent:' + str(IDS['Billing'])})"


def found(text: str) -> list[tuple[str, str | None]]:
    rows = plain_names.find_plain_names(text, NAMES)
    assert all(text[row.start : row.end] == row.text for row in rows)
    assert bool(rows) <= plain_names.occur(text)
    return [(row.text, row.agent_name or None) for row in rows]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hand it to @Billing", [("@Billing", "Billing")]),
        ("To @billing.", [("@billing", "Billing")]),
        (
            "To @BILLING SPECIALIST, then @Billing’s queue",
            [("@BILLING SPECIALIST", "Billing Specialist"), ("@Billing", "Billing")],
        ),
        ("@Billing Specialists", [("@Billing", "Billing")]),
        ("(@Müller & Söhne)", [("@Müller & Söhne", "Müller & Söhne")]),
        ("an @Muller & Sohne", [("@Muller & Sohne", "Müller & Söhne")]),
        ("an @Mu\u0308ller & So\u0308hne!", [("@Mu\u0308ller & So\u0308hne", "Müller & Söhne")]),
        ("@André and @andré and @Andre", [("@André", "André"), ("@andré", "André"), ("@Andre", "Andre")]),
        ("**@Dr. No (EU)**", [("@Dr. No (EU)", "Dr. No (EU)")]),
        ("担当@請求へ渡す", [("@請求", "請求")]),
        ("＠Ｂｉｌｌｉｎｇ に", [("＠Ｂｉｌｌｉｎｇ", "Billing")]),
        ("@담당자에게 넘긴다", [("@담당자", "담당자")]),
        ("К @разбор, потом", [("@разбор", "Разбор")]),
        ("- @2nd line", [("@2nd line", "2nd Line")]),
        ("@Billing/@Billing Specialist", [("@Billing", "Billing"), ("@Billing Specialist", "Billing Specialist")]),
        ("Ask @Billings", [("@Billings", None)]),
        ("Ask @Refund Desk about it", [("@Refund Desk", None)]),
        ("Ask @nobody at all", [("@nobody", None)]),
        ("Ask @Jean-Luc O’Neil.", [("@Jean-Luc O’Neil", None)]),
    ],
)
def test_names_are_found_as_people_write_them(text: str, expected: list[tuple[str, str | None]]) -> None:
    assert found(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Write to bob@example.com or bob.smith+x@billing.example.",
        "Mails from @example.com",
        "See https://social.example/@billing and www.example.com/@billing, social.example/@billing",
        "mailto:@billing",
        f"To {TOKEN} and {TOKEN}.",
        "`@Billing` and ``x @Billing``",
        "```\n@Billing\n```",
        "@ Billing, 5 @ 3, @, @@ and @",
        "@9 o’clock",
        "@[Billing](agent:x)",
        "import @angular/core",
    ],
)
def test_what_is_no_name_is_left_alone(text: str) -> None:
    assert found(text) == []


def test_after_code_names_count_again() -> None:
    assert found("```\ncode\n```\nTo @Billing") == [("@Billing", "Billing")]
    assert found("a ` b @Billing") == [("@Billing", "Billing")]


def test_a_long_text_with_many_signs_is_read_in_a_moment() -> None:
    names = {uuid4(): f"Agent {number}" for number in range(2000)}
    assert len(plain_names.find_plain_names("@Agent 1999 and @Agentx " * 5000, names)) == plain_names.MOST
    assert plain_names.find_plain_names("@" * 100_000 + "`" * 1000 + "a@b" * 20_000, names) == []


def test_the_plain_name_becomes_a_mention() -> None:
    text = "To @billing, please"
    [plain] = plain_names.find_plain_names(text, NAMES)
    agent_id = UUID(int=1)
    assert plain_names.mention(text, plain, agent_id, "Billing") == f"To @[Billing](agent:{agent_id}), please"
    assert plain == PlainName("@billing", 3, 11, IDS["Billing"], "Billing")


# --- On the page --------------------------------------------------------------------------------


def press(client: Client, what: str, text: str, **fields: str) -> str:
    form = {"name": "Triage", "description": "", "aop": text, "model_kind": "offline", "fix": what, **fields}
    return str(client.post("/agents/new/", form).context["form"].data["aop"])


def test_each_button_works_without_scripts(signed_in: Client, make_agent: Make[Agent], team: Team) -> None:
    billing = make_agent("Billing")
    text = "To @billing or @Nobody"
    page = signed_in.post("/agents/new/wiring/", {"name": "Triage", "aop": text}).content.decode()
    assert f'value="mention:{billing.pk}:3:11"' in page
    assert 'value="create::15:22"' in page
    mention = f"@[Billing](agent:{billing.pk})"
    assert press(signed_in, f"mention:{billing.pk}:3:11", text) == f"To {mention} or @Nobody"
    chosen = press(signed_in, "choose_named::15:22", text, **{"named-15": str(billing.pk)})
    assert chosen == f"To @billing or {mention}"
    made = press(signed_in, "create::15:22", text)
    nobody = team.agents.get(name="Nobody")
    assert made == f"To @billing or @[Nobody](agent:{nobody.pk})"
    assert press(signed_in, "create::0:2", text) == text  # what stood there has moved


def test_who_may_only_look_changes_nothing_by_the_panel(
    client: Client, make_member, make_agent: Make[Agent], team: Team
) -> None:
    agent = make_agent("Triage")
    client.force_login(make_member(role="viewer").user)
    answer = client.post(f"/agents/{agent.pk}/wiring/", {"aop": "@Nobody", "fix": "create::0:7"})
    assert answer.status_code == 403
    assert not team.agents.filter(name="Nobody").exists()
