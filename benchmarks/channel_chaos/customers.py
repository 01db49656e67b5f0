"""Those outside: customers who write by email and through hooks, often twice or late, and who answer what they get.

Some of the answers come from programs: automatic answers, bounces, and copies of what was sent. What was written is
kept here, to be compared with what became of it.
"""

import imaplib
import json
import random
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from benchmarks.chaos.installation import Installation
from benchmarks.chaos.provider import case_in
from tests.channels.email.dovecot import USER, Dovecot
from tests.channels.email.letters import letter

_WAIT = 90.0


def address(number: int) -> str:
    return f"customer{number}@people.example"


@dataclass
class Customers:
    """`emails`: by id, which of them wrote it. `messages`: those to the hook. `robots`: ids that must make nothing."""

    house: Installation
    dovecot: Dovecot
    hook: tuple[str, str]
    outbox: Path
    rate: float
    number: int
    seed: int
    emails: dict[str, int] = field(default_factory=dict)
    answers: dict[str, int] = field(default_factory=dict)
    messages: set[int] = field(default_factory=set)
    robots: set[str] = field(default_factory=set)
    copies: int = 0
    lost: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._lots = random.Random(self.seed)
        self._late: list[tuple[float, bytes]] = []
        self._answered: set[int] = set()
        self._seen = 0
        self._leaving = threading.Event()
        self.has_written = threading.Event()
        self._threads = [threading.Thread(target=chore, daemon=True) for chore in (self._write, self._react)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._leaving.set()
        for thread in self._threads:
            thread.join(120)

    # --- Writing -----------------------------------------------------------------------------

    def _write(self) -> None:
        began = time.monotonic()
        for number in range(1, self.number + 1):
            if self._leaving.wait(max(0, began + number / self.rate - time.monotonic())):
                break
            if self._lots.random() < 0.15:
                self._send(number)
            else:
                self._mail(number)
            self._put_late(time.monotonic())
        self._put_late(float("inf"))
        self.has_written.set()

    def _mail(self, number: int) -> None:
        id = f"<first-{number}@people.example>"
        content = letter(f"Lamp {number} is broken.", id=id, sender=address(number), Subject=f"Chaos {number}")
        self._put(content)
        self.emails[id] = number
        for _ in range(self._lots.choice((0, 0, 0, 0, 1, 2))):
            self.copies += 1
            if self._lots.random() < 0.5:
                self._put(content)
            else:
                self._late.append((time.monotonic() + self._lots.uniform(1, 20), content))

    def _send(self, number: int) -> None:
        """To the hook, as a provider passes emails on: again until it is acknowledged, and now and then once more."""
        url, secret = self.hook
        id = f"<first-{number}@people.example>"
        content = letter(f"Lamp {number} is broken.", id=id, sender=address(number), Subject=f"Chaos {number}")
        for _ in range(self._lots.choice((1, 1, 2))):
            self._post(url, secret, content)
        self.emails[id] = number
        self.messages.add(number)

    def _post(self, url: str, secret: str, content: bytes) -> None:
        headers = {"Authorization": f"Bearer {secret}", "Content-Type": "message/rfc822"}
        ends = time.monotonic() + _WAIT
        while time.monotonic() < ends:
            with suppress(OSError, ValueError):
                try:
                    with urlopen(Request(url, content, headers), timeout=10) as answer:
                        json.loads(answer.read())
                        return
                except HTTPError as error:
                    error.close()
            self._leaving.wait(0.3)
        self.lost.append("the hook did not acknowledge an email in time")

    def _put_late(self, now: float) -> None:
        due = [content for at, content in self._late if at <= now]
        self._late = [(at, content) for at, content in self._late if at > now]
        for content in due:
            self._put(content)

    def _put(self, content: bytes) -> None:
        """Into the mailbox, until the server has said that it has it: so some get there twice."""
        ends = time.monotonic() + _WAIT
        while time.monotonic() < ends:
            try:
                return self.dovecot.put(content)
            except (OSError, imaplib.IMAP4.error, AssertionError):
                time.sleep(0.2)
        self.lost.append("the mailbox took no email in time")
        return None

    # --- Answering ---------------------------------------------------------------------------

    def _react(self) -> None:
        while not self._leaving.wait(0.2):
            self.react_to_all()

    def react_to_all(self) -> None:
        if not self.outbox.exists():
            return
        lines = self.outbox.read_text().splitlines()
        for line in lines[self._seen :]:
            with suppress(ValueError):  # half a line, of a server that was killed
                self._answer(json.loads(line))
        self._seen = len(lines)

    def _answer(self, got: dict[str, str]) -> None:
        number, id = case_in(got["text"]), got["Message-ID"]
        lots = random.Random(f"{self.seed} {id}")
        thread = {"In_Reply_To": id, "References": id}
        to = got["Reply-To"] if lots.random() < 0.5 else USER
        if number not in self._answered and lots.random() < 0.4:
            self._answered.add(number)
            answer = f"<second-{number}@people.example>"
            said = {"Subject": f"Re: Chaos {number}", "To": to, **thread}
            self._put(letter(f"And what about lamp {number}?", id=answer, sender=address(number), **said))
            self.answers[answer] = number
        match lots.randrange(6):
            case 0 | 1:
                auto = {"Auto_Submitted": "auto-replied", "Subject": f"Automatic reply: Chaos {number}", "To": to}
                self._robot(f"<auto-{id[1:]}", number, auto | thread)
            case 2:
                self._robot(f"<away-{id[1:]}", number, {"Subject": f"Out of office: Chaos {number}", "To": USER})
            case 3:  # a copy of what was sent
                self._put(letter(got["text"], id=id, sender=USER, Subject="Re: Chaos", To=USER))

    def _robot(self, id: str, number: int, headers: dict[str, str]) -> None:
        self.robots.add(id)
        self._put(letter("I am away.", id=id, sender=address(number), **headers))
