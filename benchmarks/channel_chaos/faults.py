"""What goes wrong with channels, beside what goes wrong anyway."""

import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from benchmarks.chaos.faults import Fault, Saboteur
from benchmarks.chaos.installation import send
from tests import children
from tests.channels.email.dovecot import Dovecot
from tests.ops.stack.harness import CHECKOUT

# How many of each in 40 seconds.
WEIGHTS = {
    "kill the clock": 3,
    "kill a work horse": 3,
    "kill a worker": 1,
    "kill the web server": 2,
    "kill the IMAP server": 2,
    "stop the IMAP server for a while": 1,
    "kill the SMTP server": 3,
    "SMTP breaks at: RCPT": 3,
    "SMTP breaks at: end": 2,
    "end a database session": 6,
    "restart Postgres at once": 1,
    "wipe Valkey": 2,
}
KILLS = frozenset(kind for kind in WEIGHTS if kind.startswith("kill"))


class SmtpServer:
    """The process of `mail_server`, started again at the same port when it was killed."""

    def __init__(self, port: int, log: Path) -> None:
        self.port, self.log = port, log
        self.start()

    def start(self) -> None:
        module = "benchmarks.channel_chaos.mail_server"
        self.process = children.start(
            [sys.executable, "-m", module, str(self.port), str(self.log)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=CHECKOUT,
        )
        assert self.process.stdout
        assert self.process.stdout.readline().strip() == "ready"

    def tell(self, where: str) -> None:
        assert self.process.stdin
        self.process.stdin.write(f"{where}\n")
        self.process.stdin.flush()

    def kill(self) -> None:
        self.process.kill()
        with suppress(BrokenPipeError):
            self.process.communicate()


class ChannelSaboteur(Saboteur):
    dovecot: Dovecot
    smtp: SmtpServer

    def _do(self, fault: Fault) -> bool:
        match fault.kind.split(": "):
            case ["kill the web server"]:
                return send(self.house.pid("web"), signal.SIGKILL)
            case ["kill the IMAP server"]:
                self.dovecot.kill()
                time.sleep(fault.lot)
                return self._start_imap()
            case ["stop the IMAP server for a while"]:
                self.dovecot.stop()
                time.sleep(1 + fault.lot * 2)
                return self._start_imap()
            case ["kill the SMTP server"]:
                self.smtp.kill()
                time.sleep(fault.lot * 2)
                self.smtp.start()  # in this thread: the process ends with the one that started it
                return True
            case ["SMTP breaks at", where]:
                self.smtp.tell(where)
                return True
        return super()._do(fault)

    def _start_imap(self) -> bool:
        """What was killed may hold the port for a moment."""
        for _ in range(20):
            try:
                self.dovecot.start()
            except AssertionError:
                time.sleep(0.3)
            else:
                return True
        raise AssertionError("The IMAP server does not start again.")
