"""Baton, the whole of it: cases by the verb that the API uses, workers as `script/server` starts them."""

import os
import time

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from desk import main, told  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402

from benchmarks.staff import add_mails, desk  # noqa: E402
from cases.models import Queue  # noqa: E402


def prepare() -> None:
    call_command("migrate", verbosity=0)
    desk(int(os.environ.get("QUEUES", "1")))


def work() -> None:
    call_command("rqworker", "default", serializer="rq.serializers.JSONSerializer", verbosity=0)


def submit() -> None:
    queues = list(Queue.objects.filter(name__startswith="Support"))

    def do(first: int, count: int) -> None:
        for place, queue in enumerate(queues):
            add_mails(queue, first + place * (count // len(queues)), count // len(queues))
        with connection.cursor() as cursor:
            while True:
                cursor.execute("select exists (select from cases_case where status <> 'completed')")
                if not cursor.fetchone()[0]:
                    return
                time.sleep(0.005)

    told(do)


if __name__ == "__main__":
    main(prepare=prepare, work=work, submit=submit)
