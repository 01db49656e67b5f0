"""Celery with Redis: a task for each stage in its prefork pool, acknowledged late, and a row for each case."""

import sys
import time
from functools import cache

import psycopg
from celery import Celery
from celery.signals import worker_ready
from desk import DATABASE, REDIS, main, request, told
from openai import OpenAI

broker = REDIS.replace("unix://", "redis+socket://").replace("?db=", "?virtual_host=")
app = Celery("celery_tasks", broker=broker)
app.conf.task_acks_late = True
app.conf.worker_prefetch_multiplier = 1
client = OpenAI()
TABLE = "create table cases (id int primary key, status text not null, answer text)"


@cache
def _database() -> psycopg.Connection:
    return psycopg.connect(DATABASE, autocommit=True)


@app.task(name="stage", ignore_result=True)
def stage(mail: int, name: str) -> None:
    answer = client.chat.completions.create(**request(name, mail))
    status = "handed_over" if name == "triage" else "completed"
    message = answer.choices[0].message.model_dump_json()
    _database().execute("update cases set status = %s, answer = %s where id = %s", (status, message, mail))
    if name == "triage":
        stage.delay(mail, "billing")


@worker_ready.connect
def say_ready(**_: object) -> None:
    print("ready", file=sys.__stdout__, flush=True)


def prepare() -> None:
    with psycopg.connect(DATABASE) as connection:
        connection.execute(TABLE)


def work() -> None:
    app.worker_main(["worker", "--concurrency", "1", "--loglevel", "CRITICAL", "--without-gossip", "--without-mingle"])


def submit() -> None:
    database = psycopg.connect(DATABASE, autocommit=True)

    def do(first: int, count: int) -> None:
        last = first + count - 1
        database.execute("insert into cases select generate_series(%s::int, %s::int), 'pending'", (first, last))
        for mail in range(first, first + count):
            stage.delay(mail, "triage")
        while database.execute("select exists (select from cases where status <> 'completed')").fetchone() == (True,):
            time.sleep(0.005)

    told(do)


if __name__ == "__main__":
    main(prepare=prepare, work=work, submit=submit)
