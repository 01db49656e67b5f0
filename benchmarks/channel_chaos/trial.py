"""One trial: an installation with a mailbox, a hook and an SMTP server, customers, a saboteur, and the judgement."""

import os
import tempfile
import time
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.channel_chaos.checker import Findings, check, in_doubt, is_open, read
from benchmarks.channel_chaos.customers import Customers
from benchmarks.channel_chaos.faults import KILLS, WEIGHTS, ChannelSaboteur, SmtpServer
from benchmarks.chaos.client import Client
from benchmarks.chaos.faults import plan
from benchmarks.chaos.installation import Installation, wait_for
from ops.stack.launch import free_port
from tests.channels.email.dovecot import PASSWORD, USER, Dovecot

LEASE, WORKERS = 2.0, 2


@dataclass
class Report:
    """`drained_after`: seconds from the last fault until all was done; None when `patience` was over before."""

    seed: int
    faults: dict[str, int]
    emails: int
    copies: int
    answers: int
    robots: int
    replies: int
    in_doubt: int
    drained_after: float | None
    took: float
    found: Findings
    load: tuple[float, float, float]

    @property
    def kills(self) -> int:
        return sum(times for kind, times in self.faults.items() if kind in KILLS)

    def line(self) -> dict[str, Any]:
        return {**asdict(self), "found": self.found.counts(), "kills": self.kills}


def run(folder: Path, *, seed: int, seconds: float, emails: int, patience: float = 180) -> Report:
    port = free_port("127.0.0.1", 0)
    outbox = folder / "outbox.jsonl"
    outbox.touch()
    smtp = SmtpServer(port, outbox)
    more = {
        "EMAIL_URL": f"smtp://127.0.0.1:{port}",
        "EMAIL_FROM": f"Support <{USER}>",
        "BATON_ALLOW_PRIVATE_ADDRESSES": "1",
    }
    script = "benchmarks.channel_chaos.provider"
    house = Installation(folder, workers=WORKERS, lease=LEASE, pace=0.05, provider=script, more=more)
    with tempfile.TemporaryDirectory(prefix="dovecot", dir="/tmp") as place:
        Path(place).chmod(0o755)
        dovecot = Dovecot(Path(place))
        try:
            house.start()
            house.make_key()
            return _trouble(house, dovecot, smtp, outbox, seed, seconds, emails, patience)
        finally:
            house.stop()
            dovecot.stop()
            smtp.kill()
            (folder / "said.txt").write_text(house.said())


def _set_up(house: Installation, dovecot: Dovecot) -> tuple[str, str]:
    """The queue, its agent, a mailbox and a hook. Return the hook's address and secret."""

    def made(path: str, body: dict[str, Any]) -> Any:
        status, row = house.insist("POST", path, body)
        assert status == 201, row
        return row

    queue = made("/queues", {"name": "Support", "replies": True})["id"]
    connections = {"consumes": [{"queue_id": queue, "concurrency": 20}], "replies_freely": True}
    made("/agents", {"name": "Desk", "aop": "Answer and complete it.", "connections": connections})
    email = {"address": USER, "per_hour": 1000}
    made("/sources", {
        **{"queue_id": queue, "kind": "imap", "name": "Mailbox"},
        "settings": {**dovecot.settings, **email, "password": PASSWORD},
    })  # fmt: skip
    hook = made("/sources", {"queue_id": queue, "name": "Hook", "settings": {"auth": "bearer", **email}})
    return f"{house.address}/in/{hook['url'].rpartition('/')[2]}", hook["secret"]


def _trouble(
    house: Installation,
    dovecot: Dovecot,
    smtp: SmtpServer,
    outbox: Path,
    seed: int,
    seconds: float,
    emails: int,
    patience: float,
) -> Report:
    customers = Customers(house, dovecot, _set_up(house, dovecot), outbox, emails / seconds, emails, seed)
    people = Client(house, 1, seed)  # who only retry what is parked
    saboteur = ChannelSaboteur(house, people, LEASE, WORKERS)
    saboteur.dovecot, saboteur.smtp = dovecot, smtp
    began = time.monotonic()
    customers.start()
    try:
        saboteur.work(plan(seed, seconds, WEIGHTS))
        last = time.monotonic()
        customers.has_written.wait(patience)

        def is_done() -> bool:
            people.retry_what_is_parked()
            with house.connect() as connection:
                return not is_open(connection, customers)

        # Answers to the last replies come after them: done is what stays done.
        drained = wait_for(lambda: is_done() and not time.sleep(1.5) and is_done(), patience)
        after = time.monotonic() - last
    finally:
        customers.stop()
    with house.connect() as connection:
        trace, found = read(connection, outbox), check(connection, customers, outbox)
    return Report(
        seed,
        dict(Counter(saboteur.done)),
        len(customers.emails),
        customers.copies,
        len(customers.answers),
        len(customers.robots),
        len(trace.sent),
        in_doubt(trace),
        round(after, 1) if drained else None,
        round(time.monotonic() - began, 1),
        found,
        os.getloadavg(),
    )
