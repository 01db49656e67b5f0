"""The floor: RQ as it comes, a forked job for each stage, and a row for each case."""

import sys
import time

import psycopg
import redis
from desk import DATABASE, REDIS, main, request, told
from openai import OpenAI
from rq import Queue, Worker
from rq.serializers import JSONSerializer

client = OpenAI()  # made before the fork
TABLE = "create table cases (id int primary key, status text not null, answer text)"


def prepare() -> None:
    with psycopg.connect(DATABASE) as connection:
        connection.execute(TABLE)


def _queue() -> Queue:
    return Queue("floor", connection=redis.Redis.from_url(REDIS), serializer=JSONSerializer)


def stage(mail: int, name: str) -> None:
    """The job."""
    answer = client.chat.completions.create(**request(name, mail))
    message = answer.choices[0].message.model_dump_json()
    status = "handed_over" if name == "triage" else "completed"
    with psycopg.connect(DATABASE) as connection:
        connection.execute("update cases set status = %s, answer = %s where id = %s", (status, message, mail))
    if name == "triage":
        _queue().enqueue("bare_rq.stage", mail, "billing", result_ttl=0)


def work() -> None:
    sys.modules["bare_rq"] = sys.modules["__main__"]
    worker = Worker([_queue()], connection=redis.Redis.from_url(REDIS), serializer=JSONSerializer)
    print("ready", flush=True)
    worker.work(logging_level="ERROR")


def submit() -> None:
    database, queue = psycopg.connect(DATABASE, autocommit=True), _queue()

    def do(first: int, count: int) -> None:
        last = first + count - 1
        database.execute("insert into cases select generate_series(%s::int, %s::int), 'pending'", (first, last))
        for mail in range(first, first + count):
            queue.enqueue("bare_rq.stage", mail, "triage", result_ttl=0)
        while database.execute("select exists (select from cases where status <> 'completed')").fetchone() == (True,):
            time.sleep(0.005)

    told(do)


if __name__ == "__main__":
    main(prepare=prepare, work=work, submit=submit)
