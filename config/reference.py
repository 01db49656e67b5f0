"""The pages of the docs that are generated from the code, so that they are never out of date, and the source of the site.

docs/build.py writes all pages into a folder from which zensical builds the site. The help shows the same pages.
"""

import argparse
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from django.apps import apps
from django.core.management import load_command_class

from cases.models import Reason
from cases.models import Status as CaseStatus
from cases.queues.status_summary import WAYS_OUT
from runs.models import Outcome
from runs.models import Status as RunStatus
from runs.telemetry.counters import COUNTERS
from runs.tools.tools import TOOLS
from web import help

from . import module_map
from .api import api

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
METHODS = ("get", "post", "patch", "put", "delete")

CASE_STATUSES = {
    CaseStatus.PENDING: "Waits in its queue for an agent with a free place, or for the agent it is assigned to.",
    CaseStatus.IN_PROGRESS: "An agent works on it.",
    CaseStatus.NEEDS_INPUT: "Waits for a person, with one of the reasons below.",
    CaseStatus.POSTPONED: "Waits until a time; then it is pending again, ahead of new cases.",
    CaseStatus.COMPLETED: "Done. Only a person or the API reopens it.",
    CaseStatus.FAILED: "Given up by an agent or a person, with a reason. Only a person or the API reopens it.",
}
RUN_STATUSES = {
    RunStatus.QUEUED: "Waits for a worker, or for the end of a pause that a provider asked for.",
    RunStatus.RUNNING: "A worker is working on it.",
    RunStatus.WAITING: "Waits for a person. It does not count toward the concurrent cases of its agent.",
    RunStatus.COMPLETED: "Ended with one of the outcomes below.",
    RunStatus.FAILED: "Ended with an error, which the run shows.",
    RunStatus.STOPPED: "Stopped by a person or the API.",
}
OUTCOMES = {
    Outcome.ANSWERED: "A standalone run ended with its answer.",
    Outcome.HANDED_OVER: "Another agent continues.",
    Outcome.CASE_COMPLETED: "The case is done.",
    Outcome.CASE_FAILED: "The agent gave up on the case.",
    Outcome.CASE_POSTPONED: "The case waits until a time.",
    Outcome.CASE_DECLINED: "The case went back to the agent that handed it over, or the second time to a person.",
}


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(_cell(cell) for cell in line)} |\n" for line in lines)


def _cell(value: object) -> str:
    return str(value).replace("|", "\\|").replace("\n", " ")


def states() -> str:
    def rows(meanings: dict[Any, str]) -> list[list[object]]:
        return [[f"`{state.value}`", meaning] for state, meaning in meanings.items()]

    reasons = [[f"`{r.value}`", r.label, WAYS_OUT[r][0].format(agent="the agent")] for r in Reason]
    return f"""# States

## States of a case

{table(["state", "meaning"], rows(CASE_STATUSES))}
A case that cannot continue by itself never fails silently. It needs input, for one of these reasons:

{table(["reason", "what happened", "what to do"], reasons)}
## States of a run

{table(["state", "meaning"], rows(RUN_STATUSES))}
A completed run has exactly one outcome:

{table(["outcome", "meaning"], rows(OUTCOMES))}"""


def tools() -> str:
    parts = [
        "# What agents can do\n\nThese are the tools that an agent's model may call. A tool is offered only"
        " where it applies: tools for cases in a run on a case, a handover only to agents that could take over now. Tools of your"
        " own systems come from [MCP servers](../tools.md).\n"
    ]
    for tool in TOOLS.values():
        fields = tool.arguments.model_json_schema(by_alias=True)
        needed = fields.get("required", [])
        rows = [
            [f"`{name}`", "yes" if name in needed else "", about.get("description", "")]
            for name, about in fields.get("properties", {}).items()
        ]
        body = table(["argument", "required", "meaning"], rows) if rows else ""
        parts.append(f"## `{tool.name}`\n\n{tool.description}\n\n{body}")
    return "\n".join(parts)


def our_commands() -> list[tuple[str, str]]:
    """The app and the name of each command of manage.py that is part of Baton."""
    found = []
    for config in apps.get_app_configs():
        folder = Path(config.path) / "management/commands"
        if ROOT in folder.parents and ".venv" not in folder.parts:
            found += [(config.name, path.stem) for path in sorted(folder.glob("[a-z]*.py"))]
    return sorted(found, key=lambda pair: pair[1])


def commands() -> str:
    parts = [
        "# Commands\n\nRun a command as `.venv/bin/python manage.py NAME` in the checkout, or as"
        " `docker compose run --rm web NAME`. Commands find the database of a running `script/server` by themselves. To start a worker run"
        " `manage.py rqworker default`, a command of [django-rq](https://github.com/rq/django-rq).\n"
    ]
    for app, name in our_commands():
        command = load_command_class(app, name)
        parser = argparse.ArgumentParser(add_help=False)
        command.add_arguments(parser)  # type: ignore[arg-type]
        told = (import_module(f"{app}.management.commands.{name}").__doc__ or "").strip()
        rows = [
            [
                f"`{', '.join(action.option_strings) or action.dest}`",
                "yes" if action.required else "",
                action.help or "",
            ]
            for action in parser._actions
        ]
        body = table(["argument", "required", "meaning"], rows) if rows and name != "migrate" else ""
        parts.append(f"## `{name}`\n\n{command.help or told}\n\n{body}")
    return "\n".join(parts)


def metrics() -> str:
    rows = [
        ["`baton_queue_depth`", "team, queue", "Pending cases"],
        ["`baton_queue_oldest_waiting_seconds`", "team, queue", "How long the oldest pending case has waited"],
        ["`baton_runs`", "status", "Runs that have not ended"],
        ["`baton_human_requests_open`", "kind", "Requests that wait for a person"],
        ["`baton_mailbox_up`", "team, source", "Whether the last look at a mailbox went well"],
        ["`baton_emails_waiting`", "", "Emails of senders that sent too many within an hour"],
        ["`baton_messages_queued`", "", "Messages to customers that are to be sent"],
        ["`baton_counters_up`", "", "Whether Redis, which keeps the counters below, answers"],
        *(
            [
                f"`baton_{name}{'' if counter.is_histogram else '_total'}`",
                ", ".join(counter.labels),
                counter.title + (" (histogram)" if counter.is_histogram else ""),
            ]
            for name, counter in COUNTERS.items()
        ),
    ]
    return f"""# Metrics

Prometheus reads `/metrics` with `METRICS_TOKEN` as the bearer token, or from the same machine. The metrics cover
all teams. The first rows are read from the database at each scrape; the others are counters, which start again at zero when Redis is
emptied.

{table(["metric", "labels", "meaning"], rows)}"""


@cache
def described() -> dict[str, Any]:
    return api.get_openapi_schema()


def operations() -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (path, method, said)
        for path, of_path in described()["paths"].items()
        for method, said in of_path.items()
        if method in METHODS
    ]


def api_page() -> str:
    parts = [
        "# API\n\nThe API is JSON under `/api/v1/`, with `Authorization: Bearer baton_…`; `manage.py create_api_key` creates keys."
        " A key belongs to one team and sees nothing else: ids of other teams are not found (404). Your Baton shows this page with"
        " forms to try it at `/api/v1/docs`, and the description for programs is `/api/v1/openapi.json`.\n\n"
        'Errors are `{"error": {"code", "message", "fields"}}`. Lists accept `limit` and `cursor`,'
        " and return the next cursor.\n"
    ]
    tag = None
    for path, method, said in sorted(operations(), key=lambda row: row[2].get("tags", [""])):
        if said.get("tags", [""])[0] != tag:
            tag = said.get("tags", [""])[0]
            parts.append(f"## {tag}\n")
        parts.append(
            f"### `{method.upper()} {path}`\n\n{said['summary']}. {said.get('description', '')}".rstrip() + "\n"
        )
        rows = [
            [f"`{given['name']}`", given["in"], "yes" if given.get("required") else "", _meaning(given)]
            for given in said.get("parameters", [])
            if given["in"] == "query"
        ]
        body = said.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
        rows += [[f"`{name}`", "body", needed, about] for name, needed, about in _fields(body)]
        if rows:
            parts.append(table(["name", "in", "required", "meaning"], rows))
    return "\n".join(parts)


def _meaning(given: dict[str, Any]) -> str:
    schema = given.get("schema", {})
    return str(given.get("description") or schema.get("description") or schema.get("title") or "")


def _fields(schema: dict[str, Any]) -> list[tuple[str, str, str]]:
    known = described()["components"]["schemas"]
    for named in [schema, *schema.get("anyOf", [])]:
        if reference := named.get("$ref"):
            found = known[reference.rpartition("/")[2]]
            needed = found.get("required", [])
            return [
                (name, "yes" if name in needed else "", str(about.get("description") or ""))
                for name, about in found.get("properties", {}).items()
            ]
    return []


PAGES: dict[str, Callable[[], str]] = {
    "reference/states.md": states,
    "reference/agent-tools.md": tools,
    "reference/commands.md": commands,
    "reference/metrics.md": metrics,
    "reference/api.md": api_page,
    "reference/modules.md": module_map.page,
}


def pages() -> Iterator[tuple[Path, bytes]]:
    """Return each file of the site's source with its path."""
    for name, text in help.sources():
        yield Path(f"{name}.md"), text.encode()
    for path in sorted(DOCS.rglob("*")):
        if path.suffix in (".png", ".svg"):
            yield path.relative_to(DOCS), path.read_bytes()
    for page, write in PAGES.items():
        yield Path(page), write().encode()


def write_site(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    for name, content in pages():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
