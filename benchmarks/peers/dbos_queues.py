"""DBOS: a durable workflow for each stage, the second of which is put into a queue. Queues are polled as they come."""

import threading
import time

import psycopg
from dbos import DBOS, DBOSClient
from desk import DATABASE, PLACES, main, request, told
from openai import AsyncOpenAI

QUEUE = "stages"
client = AsyncOpenAI()


@DBOS.step()
async def ask(mail: int, stage: str) -> str:
    answer = await client.chat.completions.create(**request(stage, mail))
    return answer.choices[0].message.model_dump_json()


@DBOS.workflow()
async def triage(mail: int) -> None:
    await ask(mail, "triage")
    await DBOS.enqueue_workflow_async(QUEUE, billing, mail)


@DBOS.workflow()
async def billing(mail: int) -> None:
    await ask(mail, "billing")


def prepare() -> None:
    DBOS(config=_config())
    DBOS.launch()
    DBOS.register_queue(QUEUE, worker_concurrency=PLACES)
    DBOS.destroy()


def _config() -> dict[str, object]:
    return {
        "name": "desk",
        "application_version": "1",
        "system_database_url": DATABASE,
        "run_admin_server": False,
        "log_level": "ERROR",
    }


def work() -> None:
    DBOS(config=_config())
    DBOS.launch()
    print("ready", flush=True)
    threading.Event().wait()


def submit() -> None:
    given, database = DBOSClient(system_database_url=DATABASE), psycopg.connect(DATABASE, autocommit=True)
    count_done = "select count(*) from dbos.workflow_status where name = 'billing' and status = 'SUCCESS'"

    def done() -> int:
        row = database.execute(count_done).fetchone()
        return row[0] if row else 0

    def do(first: int, count: int) -> None:
        before = done()
        for mail in range(first, first + count):
            given.enqueue({"queue_name": QUEUE, "workflow_name": "triage", "app_version": "1"}, mail)
        while done() < before + count:
            time.sleep(0.02)

    told(do)


if __name__ == "__main__":
    main(prepare=prepare, work=work, submit=submit)
