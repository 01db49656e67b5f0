"""manage.py import_agents --team SLUG FILES... [--dry-run] [--override REASON]"""

from functools import partial
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from builder.files import importing, plans
from builder.files.archives import unpack
from builder.files.flaws import Flawed
from builder.files.markdown import AgentFile
from builder.files.planned import CREATE, DROP, Choices, Item, Plan
from builder.files.test_files import TestsItem, files_of_tests, is_tests
from builder.gate.gate import rehearse
from builder.management import agent_files
from cases.imports.agent_views import made_queue
from data.errors import Refused
from teams.audit import audit
from teams.audit.actors import COMMAND_LINE
from teams.management.arguments import add_team, team_of
from teams.models import Team

# The exit status when routing tests hold the import back, and how long it waits for them.
_HELD, _SECONDS = 3, 600
_ROUTES = {"routes_broken", "routes_untested", "routes_checking"}


class Command(BaseCommand):
    help = (
        "Makes and changes a team's agents as Markdown files say. It runs nothing: who would take up cases is paused."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        add_team(parser)
        parser.add_argument("files", nargs="+", type=Path, help=agent_files.HELP)
        parser.add_argument("--dry-run", action="store_true", help="Only print what would be done.")
        parser.add_argument(
            "--map-agent",
            action="append",
            default=[],
            metavar="MISSING=NAME",
            help="The agent that a missing mention becomes; nothing after the “=” keeps it as text.",
        )
        parser.add_argument(
            "--map-queue",
            action="append",
            default=[],
            metavar="MISSING=NAME",
            help="The queue that a missing one becomes; nothing after the “=” drops the connection.",
        )
        parser.add_argument(
            "--override", default="", metavar="REASON", help="Import past routing tests that refuse it."
        )
        parser.add_argument("--create-queues", action="store_true", help="Create the queues that are missing.")

    def handle(self, *args: Any, **options: Any) -> None:
        team = team_of(options)
        try:
            texts = unpack(agent_files.contents(options["files"]))
            files, tests = importing.read_all(texts), [text for text in texts if is_tests(text)]
            plan = plans.plan(team, files)
            self._say(plan)
            self._say_tests(files_of_tests().plan(team, tests, plan))
            choices, left = _choices(team, plan, options)
            self._say_left(left)
            if options["dry_run"]:
                plans.plan(team, files, choices)
                self.stdout.write("Nothing was imported.")
                return
            if left:
                raise CommandError(
                    "Nothing was imported. Say what to do about each missing agent and queue, and try again."
                )
            self._apply(team, files, choices, plan, {"override": options["override"], "tests": tests})
        except Flawed as flawed:
            raise CommandError(str(flawed)) from flawed
        except Refused as refusal:
            lines = [refusal.message, *_held_back(refusal)]
            raise CommandError("\n".join(lines), returncode=_HELD if refusal.code in _ROUTES else 1) from refusal

    def _apply(self, team: Team, files: list[AgentFile], choices: Choices, plan: Plan, about: dict[str, Any]) -> None:
        about = {"seen": plan.fingerprint, "create_queue": made_queue, **about}
        save = partial(importing.apply, team, files, choices, **about)
        with audit.acting(COMMAND_LINE):
            if not about["override"] and (held := rehearse(save)):
                held.wait(COMMAND_LINE, _SECONDS)
            done = save()
        self.stdout.write(f"Imported: {len(done.new)} new, {len(done.changed)} changed, {len(done.same)} unchanged.")
        for item in done.paused:
            self.stdout.write(f"{item.wanted.name} was imported as paused, so it takes no cases yet.")

    def _say(self, plan: Plan) -> None:
        for item in plan.items:
            words = {"new": "create", "changed": "change", "same": "no change to"}[item.state]
            self.stdout.write(f"{item.file.source}: {words} {item.wanted.name}")
            for line in _details(item):
                self.stdout.write(f"    {line}")
        for server, tool in plan.missing_tools:
            self.stdout.write(
                f"The tool {tool} of {server} is left out, because the team does not have it. Add its MCP server."
            )

    def _say_tests(self, items: list[TestsItem]) -> None:
        for item in items:
            numbers = f"{len(item.new)} new, {len(item.changed)} changed, {item.same} unchanged"
            self.stdout.write(f"{item.source}: tests of {item.agent_name}: {numbers}")

    def _say_left(self, left: list[str]) -> None:
        for line in left:
            self.stdout.write(line)


def _held_back(refusal: Refused) -> list[str]:
    """Return a line for each test that holds the import back."""
    shows = refusal.shows or {}
    return [f"{kind}: {row['name']}" for kind in ("broken", "untested") for row in shows.get(kind, [])]


def _details(item: Item) -> list[str]:
    if item.state == "new":
        found = [f"{label}: {words}" for label, words in plans.facts(item.wanted) if words and label != "Name"]
    else:
        found = [f"{change.label}: {change.old or '–'} -> {change.new or '–'}" for change in item.changes]
        found += ["The procedure changes."] if item.aop_changes else []
    return found + (["Will be paused."] if item.pauses else [])


def _choices(team: Team, plan: Plan, options: dict[str, Any]) -> tuple[Choices, list[str]]:
    """Return what the options say about missing agents and queues, and a sentence for each that they leave open."""
    named_agents, named_queues = _pairs(options["map_agent"]), _pairs(options["map_queue"])
    here = {queue.name.lower(): str(queue.pk) for queue in team.queues.live()}
    agents, queues, left = {}, {}, []
    for agent in plan.missing_agents:
        if agent.name.lower() in named_agents:
            agents[agent.id] = named_agents[agent.name.lower()]
        else:
            left.append(
                f"Missing: the {agent.kind} @{agent.name} ({agent.places[0]})."
                f" Name its replacement with --map-agent “{agent.name}=NAME”."
            )
    for queue in plan.missing_queues:
        wanted = named_queues.get(queue.key)
        if wanted is None and not options["create_queues"]:
            left.append(
                f"Missing: the queue {queue.name} ({queue.places[0]})."
                f" Create it with --create-queues, or name another with --map-queue “{queue.name}=NAME”."
            )
        elif wanted is not None and wanted.lower() not in {"", *here}:
            raise CommandError(f"There is no queue called “{wanted}”.")
        else:
            queues[queue.key] = CREATE if wanted is None else here.get(wanted.lower(), DROP)
    return Choices(agents, queues), left


def _pairs(texts: list[str]) -> dict[str, str]:
    pairs = [text.partition("=") for text in texts]
    return {missing.strip().lower(): name.strip() for missing, _, name in pairs}
