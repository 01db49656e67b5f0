"""The floor: a state machine of one table, with leases, fences and a bell, and nothing else."""

import asyncio
import time

import psycopg
import redis
import redis.asyncio
from desk import DATABASE, PLACES, REDIS, main, request, told
from openai import AsyncOpenAI
from psycopg.rows import tuple_row

BELL = "floor:bell"
TABLE = """
    create table cases (id int primary key, stage text not null default 'triage', status text not null
        default 'pending', fence int not null default 0, lease_until timestamptz, answer text);
    create index on cases (id) where status = 'pending'
"""
CLAIM = """
    update cases set status = 'running', fence = fence + 1, lease_until = now() + interval '15 s'
    where id in (select id from cases where status = 'pending' order by id limit %s for update skip locked)
    returning id, stage, fence
"""
HAND_OVER = """
    update cases set status = 'pending', stage = 'billing', answer = %s
    where id = %s and fence = %s and status = 'running'
"""
COMPLETE = "update cases set status = 'completed', answer = %s where id = %s and fence = %s and status = 'running'"


def prepare() -> None:
    with psycopg.connect(DATABASE) as connection:
        connection.execute(TABLE)


def work() -> None:
    asyncio.run(_work())


async def _work() -> None:
    database = await psycopg.AsyncConnection.connect(DATABASE, autocommit=True, row_factory=tuple_row)
    client, bell, ringer = AsyncOpenAI(), redis.asyncio.from_url(REDIS), redis.asyncio.from_url(REDIS)
    tasks: set[asyncio.Task[None]] = set()
    look = asyncio.Event()

    async def listen() -> None:
        while True:
            if await bell.blpop([BELL], timeout=4):
                look.set()

    async def stage(mail: int, name: str, fence: int) -> None:
        answer = await client.chat.completions.create(**request(name, mail))
        message = answer.choices[0].message.model_dump_json()
        await database.execute(HAND_OVER if name == "triage" else COMPLETE, (message, mail, fence))
        if name == "triage":
            await ringer.lpush(BELL, 1)
        look.set()

    listener = asyncio.create_task(listen())
    print("ready", flush=True)
    while not listener.done():
        look.clear()
        if free := PLACES - len(tasks):
            for row in await (await database.execute(CLAIM, (free,))).fetchall():
                task = asyncio.create_task(stage(*row))
                tasks.add(task)
                task.add_done_callback(tasks.discard)
        await look.wait()


def submit() -> None:
    database, bell = psycopg.connect(DATABASE, autocommit=True), redis.Redis.from_url(REDIS)
    waiting = "select exists (select from cases where status <> 'completed')"

    def do(first: int, count: int) -> None:
        database.execute("insert into cases (id) select generate_series(%s::int, %s::int)", (first, first + count - 1))
        bell.lpush(BELL, *[1] * 8)
        while database.execute(waiting).fetchone() == (True,):
            time.sleep(0.005)

    told(do)


if __name__ == "__main__":
    main(prepare=prepare, work=work, submit=submit)
