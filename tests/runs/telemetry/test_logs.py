import io
import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from uuid import uuid4

import pytest

from runs.telemetry import logs
from tests.driving import drive
from tests.fixtures import Make, take
from tests.provider import Provider, call, fail


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What is logged, as the console would have it with LOG_FORMAT=json."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(logs.Subject())
    handler.setFormatter(logs.JsonLine())
    logging.getLogger().addHandler(handler)
    yield stream
    logging.getLogger().removeHandler(handler)


def objects(stream: io.StringIO) -> list[dict[str, str]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def formatted(formatter: logging.Formatter, message: str, **more: object) -> str:
    record = logging.makeLogRecord({"name": "runs.engine.engine", "levelname": "WARNING", "msg": message, **more})
    logs.Subject().filter(record)
    return formatter.format(record)


@pytest.mark.django_db
def test_every_line_of_a_run_names_run_case_and_team(
    scripted: Provider, make_agent: Make, make_case: Make, queue, lines: io.StringIO, django_capture_on_commit_callbacks
):
    make_agent("Triage", queue=queue)
    case = make_case()
    scripted.answers(fail(429, "Slow down.", retry_after=0), call("complete_case", summary="Done."))

    with django_capture_on_commit_callbacks(execute=True):
        drive(take()[0])
        run = drive(take()[0])

    found = [line for line in objects(lines) if line["logger"].startswith("runs")]
    assert [line["message"].partition(":")[0] for line in found] == [
        "the model is asked again in 0 s",
        "the run completed case_completed",
    ]
    ids = {"run": str(run.pk), "case": str(case.pk), "team": str(case.team_id)}
    assert all(line.items() >= ids.items() for line in found)


@pytest.mark.django_db
def test_a_line_after_a_run_names_it_no_more(scripted: Provider, make_run: Make, lines: io.StringIO):
    make_run()
    scripted.answers(fail(400))
    drive(take()[0])

    logging.getLogger("runs").warning("later")

    assert "run" not in objects(lines)[-1]


def test_lines_for_people_end_with_the_ids():
    run, team = uuid4(), uuid4()
    line = logs.Line("%(levelname)s %(name)s %(message)s")

    with logs.about(run_id=run, case_id=None, team_id=team):
        assert formatted(line, "it broke") == f"WARNING runs.engine.engine it broke [run={run} team={team}]"
    assert formatted(line, "it broke") == "WARNING runs.engine.engine it broke"


def test_an_error_stays_one_json_line():
    try:
        raise ValueError("two\nlines")
    except ValueError:
        said = formatted(logs.JsonLine(), "it broke", exc_info=sys.exc_info())

    assert "\n" not in said
    assert json.loads(said)["error"].startswith("Traceback")


@pytest.mark.parametrize(
    "text",
    [
        "401: Incorrect API key provided: SECRET-part",
        "connection to postgresql://baton:SECRET@db/baton failed",
        "header Authorization: Bearer SECRET.and-more-of-it",
        "{'api_key': 'SECRET'}",
        "key sk-SECRET and baton_SECRET",
    ],
)
def test_secrets_are_not_logged(text: str):
    assert "SECRET" not in formatted(logs.JsonLine(), text)
    assert "SECRET" not in formatted(logs.Line(), text)


def test_the_format_is_a_setting():
    program = (
        "import logging.config, config.settings as s; logging.config.dictConfig(s.LOGGING);"
        "logging.getLogger('runs').warning('hello'); logging.getLogger('uvicorn.access').warning('GET /')"
    )

    def said(form: str) -> list[str]:
        environment = {**os.environ, "LOG_FORMAT": form, "SECRET_KEY": "x"}
        done = subprocess.run(
            [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
        )
        return done.stderr.splitlines()

    assert [json.loads(line)["message"] for line in said("json")] == ["hello", "GET /"]
    assert said("")[0] == "WARNING runs hello"
