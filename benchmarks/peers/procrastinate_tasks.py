"""Procrastinate: a task for each stage in its Postgres queue, woken by LISTEN."""

import asyncio
import time

import procrastinate
import psycopg
from desk import DATABASE, PLACES, main, request, told
from openai import AsyncOpenAI

app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=DATABASE))
client = AsyncOpenAI()
TABLE = "create table cases (id int primary key, status text not null, answer text)"
KEEP = "update cases set status = %(status)s, answer = %(answer)s where id = %(id)s"


async def _ask(mail: int, stage: str) -> None:
    answer = await client.chat.completions.create(**request(stage, mail))
    status = "handed_over" if stage == "triage" else "completed"
    message = answer.choices[0].message.model_dump_json()
    await app.connector.execute_query_async(KEEP, status=status, answer=message, id=mail)


@app.task(name="triage")
async def triage(mail: int) -> None:
    await _ask(mail, "triage")
    await billing.defer_async(mail=mail)


@app.task(name="billing")
async def billing(mail: int) -> None:
    await _ask(mail, "billing")


def prepare() -> None:
    async def make() -> None:
        async with app.open_async():
            await app.schema_manager.apply_schema_async()

    asyncio.run(make())
    with psycopg.connect(DATABASE) as connection:
        connection.execute(TABLE)


def work() -> None:
    async def forever() -> None:
        async with app.open_async():
            print("ready", flush=True)
            await app.run_worker_async(concurrency=PLACES, install_signal_handlers=False)

    asyncio.run(forever())


def submit() -> None:
    database = psycopg.connect(DATABASE, autocommit=True)

    async def defer(first: int, count: int) -> None:
        async with app.open_async():
            await triage.batch_defer_async(*({"mail": mail} for mail in range(first, first + count)))

    def do(first: int, count: int) -> None:
        last = first + count - 1
        database.execute("insert into cases select generate_series(%s::int, %s::int), 'pending'", (first, last))
        asyncio.run(defer(first, count))
        while database.execute("select exists (select from cases where status <> 'completed')").fetchone() == (True,):
            time.sleep(0.005)

    told(do)


if __name__ == "__main__":
    main(prepare=prepare, work=work, submit=submit)
