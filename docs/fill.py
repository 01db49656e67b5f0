"""What docs/look.py puts into the demo: long names, many rows, and one of each thing that the demo lacks."""

from django.urls import reverse

from builder.agents.agents import create_agent, delete_agent, save_agent
from builder.agents.connections import Consumes, connect
from builder.history.drafts import Known, save_draft
from builder.models import Agent
from builder.procedures.mentions import token
from builder.tools.listings import Listing, OfferedTool, UnusableTool
from builder.tools.server_tools import Choice, compare, pin_schema
from builder.tools.servers import add_server, bearer
from cases.queues.queues import create_queue, create_team
from cases.work.creation import NewCase, add_case, add_cases
from cases.work.people import People
from runs.people import moves
from teams.audit.actors import person
from teams.groups import groups
from teams.groups.groups import GroupFields
from teams.groups.hours import OPENINGS
from teams.keys import credentials
from teams.keys.api_keys import create_key
from teams.models import Delivery, Member, Team, User
from teams.people import accounts, members
from teams.webhooks import outbox, webhooks

LONG = "Donaudampfschifffahrtsgesellschaftskapitaenspatentverlaengerung " * 2
PLACE = f"https://hooks.example.com/{LONG.replace(' ', '-')[:90]}"


def fill() -> list[str]:
    """The addresses that no page links to: an invitation, a link for a new password."""
    team, user = Team.objects.get(is_demo=True), User.objects.get(email="demo@example.com")
    _work(team, user)
    _settings(team)
    _with_people(team, user)
    Member.objects.create(team=create_team("Empty", "empty"), user=user, role="administrator")
    _, invited = members.invite(team, f"{'someone.' * 6}new@example.com", "builder", person(user))
    return [f"{reverse('invitation')}?token={invited}", accounts.password_link(user, person(user))]


def _work(team: Team, user: User) -> None:
    queue = create_queue(team, LONG[:75], description=LONG)
    agents = [create_agent(team, f"{n} {LONG}"[:75], description=LONG) for n in range(3)]
    words = " ".join(token(other.pk, other.name) for other in [*agents, *Agent.objects.filter(team=team)[:9]])
    lost = create_agent(team, "Retired colleague")
    everybody = create_agent(team, "Knows everybody", aop=f"# Goal\n{LONG * 5}\n\n1. Ask {words}", author=user)
    create_agent(team, "Blocked", "Mentions one that was deleted.", f"Ask {token(lost.pk, lost.name)}", author=user)
    delete_agent(lost)
    for number in range(2, 6):
        save_agent(everybody, aop=f"# Goal\nRevision {number}.\n\n1. Ask {words}", author=user, note=LONG)
    known = Known(revision=everybody.live_revision.number)
    save_draft(everybody, f"# Goal\nSomething else.\n\n1. Ask {words}", "offline", known=known, author=user)
    agents += [create_agent(team, f"Specialist for the matters of region {n}") for n in range(60)]
    for agent in agents[:3]:
        connect(agent, [Consumes(queue.pk, 5)])
    case = NewCase(LONG, {"message": LONG * 20, "customer": {"name": LONG}}, labels=[LONG[:40], "vip", "refund"])
    add_case(queue, case, by=person(user))
    many = [NewCase(f"Case {n} of many", labels=["vip"] * (n % 3 == 0)) for n in range(70)]
    add_cases(queue, many, by=person(user))


def _with_people(team: Team, user: User) -> None:
    """A case that waits for a group, one for anyone, and one that someone has."""
    queue, group = create_queue(team, "For people"), team.groups.live().first()
    for number, people in enumerate([People(group=group), People(), People(owner=user, group=group)]):
        case = add_case(queue, NewCase(f"{number} {LONG}", {"message": LONG}), by=person(user))
        moves.assign_to_people(case, person(user), people, LONG * 3)


def _settings(team: Team) -> None:
    for role in Member.Role.values:
        email = f"{role}.{'of.the.long.names.' * 2}@example.com".replace(".@", "@")
        Member.objects.create(team=team, user=User.objects.create_user(email, first_name=LONG[:60]), role=role)
    for name in (LONG[:70], "Nightly import"):
        create_key(team, name, ["read", "cases"])
    credentials.add(team, "anthropic", name=LONG[:60], key="sk-ant-0123456789abcdef")
    everyone = [member.user.uuid for member in Member.objects.filter(team=team).select_related("user")]
    weekdays = [{"days": ["mon", "tue", "wed", "thu"], "from": "09:00", "to": "17:00"}]
    groups.create_group(team, GroupFields(LONG[:75], everyone, hours=OPENINGS.validate_python(weekdays), due_hours=8))
    webhook, _ = webhooks.create_webhook(team, PLACE, ["case.completed", "run.failed"], LONG)
    webhooks.create_webhook(team, "https://example.org/baton", ["case.completed"])
    webhooks.pause(webhook)
    for status in Delivery.Status.values:
        row = outbox.message(webhook, "case.completed", {"n": LONG})
        row.status, row.attempts, row.answer_status, row.error = status, 3, 500, LONG
        row.save(force_insert=True)
    _tools(team)


def _tools(team: Team) -> None:
    schema = {"type": "object", "properties": {LONG[:40]: {"type": "string", "description": LONG}}}
    tools = [OfferedTool(name, name.title(), LONG, schema) for name in ("find", "write", LONG[:60].strip(), "gone")]
    chosen = {tool.name: Choice(True) for tool in tools}
    secret = bearer("0123456789abcdef")
    server = add_server(team, LONG[:70], PLACE, credential=secret, listing=Listing(tools), choices=chosen)
    unusable = [UnusableTool(LONG[:90].strip(), "Its arguments are described by something other than a JSON Schema.")]
    for number in range(3):
        changed = OfferedTool("find", "Find", f"Another description, number {number}.", schema)
        compare(server, Listing([changed, *tools[1:3]], unusable, left_out=1203))
    pin_schema(server.tools.get(name="write"), True)
