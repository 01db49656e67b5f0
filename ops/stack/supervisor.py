"""The supervisor: it starts programs, passes on their output, restarts those that end, and stops them all."""

import asyncio
import contextlib
import os
import signal
import sys
from asyncio.subprocess import Process
from collections import deque
from collections.abc import Callable
from pathlib import Path

from . import home, processes
from .home import CannotStart
from .processes import Program, telling_line

FIRST_DELAY, LONGEST_DELAY = 1.0, 30.0  # seconds until a program that keeps ending is started again
STEADY = 10.0  # seconds after which it is started again at once
ASKED = {0, -signal.SIGTERM, -signal.SIGINT}  # the exit status of a program that was told to stop, as by a deploy
QUICK = 1.0  # seconds; a program that ends sooner, even without an error, is not restarted in a tight loop
GRACE = 30.0  # a worker brings its runs to their next step within 25 s
NOTICE = 3.0  # seconds of waiting after which the supervisor says what it waits for
KILLED_GRACE = 3.0
READY = 120.0  # seconds that a slow machine gets for one program
_COLOURS = (36, 33, 32, 35, 34, 96, 93, 92, 95, 94)


class Output:
    """Writes lines with the name of the program that wrote them, in colour on a terminal."""

    def __init__(self, closed: Callable[[], None] = lambda: None) -> None:
        self._colours = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        self._names: list[str] = []
        self._closed = closed

    def write(self, name: str, line: str) -> None:
        if name not in self._names:
            self._names.append(name)
        prefix = f"{name:<9}|"
        if self._colours:
            prefix = f"\x1b[{_COLOURS[self._names.index(name) % len(_COLOURS)]}m{prefix}\x1b[0m"
        self.print(f"{prefix} {line}")

    def print(self, line: str) -> None:
        try:
            print(line, flush=True)  # noqa: T201
        except OSError:  # the terminal, or the program that read the output, is gone
            self._closed()


class Supervisor:
    def __init__(self, record: Path, output: Output) -> None:
        self.output = output
        self._record = record
        self._running: dict[str, tuple[Program, Process]] = {}
        self._keepers: dict[str, asyncio.Task[None]] = {}
        self._readers: dict[str, asyncio.Task[None]] = {}
        self._last_lines: dict[str, deque[str]] = {}
        self._hurry = asyncio.Event()

    def say(self, line: str) -> None:
        self.output.write("baton", line)

    async def start(self, program: Program) -> None:
        """Start a program, wait until it is ready, and keep it running from then on."""
        process = await self._spawn(program)
        await self._until_ready(program, process)
        self._keepers[program.name] = asyncio.create_task(self._keep(program, process))

    async def run(self, program: Program) -> int:
        """Start a program, wait for its end and return its exit status."""
        process = await self._spawn(program)
        status = await process.wait()
        await self._ended(program)
        return status

    async def stop(self) -> None:
        """Stop the programs that use the servers, then the servers."""
        for keeper in self._keepers.values():
            keeper.cancel()
        await asyncio.gather(*self._keepers.values(), return_exceptions=True)
        for server in (False, True):
            await self._end([one for one in self._running.values() if one[0].server is server])
        if self._readers:
            await asyncio.wait(self._readers.values(), timeout=0.5)
        for reader in self._readers.values():  # a grandchild still holds the pipe
            reader.cancel()
        self._record.unlink(missing_ok=True)

    def hurry(self) -> None:
        """Make a stop in progress kill all programs that are left."""
        self._hurry.set()

    async def _until_ready(self, program: Program, process: Process) -> None:
        try:
            async with asyncio.timeout(READY):
                while program.ready and not await program.ready():
                    if process.returncode is not None:
                        await self._ended(program)
                        why = telling_line(self._last_lines[program.name])
                        raise CannotStart(f"{program.name} {how_it_ended(process.returncode)} while starting: {why}")
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise CannotStart(f"{program.name} was not ready within {READY:g} seconds.") from None

    async def _keep(self, program: Program, process: Process) -> None:
        clock, delay = asyncio.get_running_loop().time, 0.0
        while True:
            began = clock()
            status = await process.wait()
            await self._ended(program)
            lasted = clock() - began
            at_once = lasted > STEADY or (status in ASKED and lasted > QUICK)
            delay = 0.0 if at_once else min(max(FIRST_DELAY, 2 * delay), LONGEST_DELAY)
            when = f" in {delay:g} s" if delay else ""
            self.say(f"{program.name} {how_it_ended(status)}; starting it again{when}")
            process = await self._spawn_after(delay, program)

    async def _spawn_after(self, delay: float, program: Program) -> Process:
        while True:
            await asyncio.sleep(delay)
            try:
                return await self._spawn(program)
            except OSError as error:  # for example, out of processes or files, which is temporary
                self.say(f"{program.name} cannot be started: {error}")
                delay = max(FIRST_DELAY, delay)

    async def _spawn(self, program: Program) -> Process:
        if program.before:
            program.before()
        # A pipe of our own: asyncio's would make wait() last until every grandchild has closed it.
        reading, writing = os.pipe()
        try:
            process = await asyncio.create_subprocess_exec(
                *program.command, stdout=writing, stderr=writing, **processes.options(program)
            )
        except BaseException:
            os.close(reading)
            raise
        finally:
            os.close(writing)
        self._last_lines[program.name] = deque(maxlen=20)
        self._readers[program.name] = asyncio.create_task(self._read(program.name, reading))
        self._running[program.name] = (program, process)
        self._write_record()
        return process

    async def _read(self, name: str, pipe: int) -> None:
        lines = asyncio.StreamReader(limit=2**20)
        await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(lines), os.fdopen(pipe, "rb", buffering=0)
        )
        while True:
            try:
                line = await lines.readline()
            except ValueError:
                line = b"(a line of more than a megabyte)"
            if not line:
                return
            text = line.decode(errors="replace").rstrip()
            self._last_lines[name].append(text)
            self.output.write(name, text)

    async def _ended(self, program: Program) -> None:
        """Pass on the rest of the program's output, unless one of its children still holds the pipe."""
        await asyncio.wait([self._readers[program.name]], timeout=0.5)
        self._running.pop(program.name, None)
        self._write_record()

    async def _end(self, ones: list[tuple[Program, Process]]) -> None:
        for program, process in ones:
            _send(process, program.stop_signal)
        if (left := await _left(ones, NOTICE, self._hurry)) and not self._hurry.is_set():
            self.say(f"waiting for {', '.join(left)} to finish; Ctrl-C again ends it at once")
        await _left(ones, GRACE - NOTICE, self._hurry)
        for program, process in ones:
            _send(process, program.kill_signal)
        await _left(ones, KILLED_GRACE)
        for _, process in ones:
            _send(process, signal.SIGKILL)

    def _write_record(self) -> None:
        entries = {
            name: {"pid": process.pid, "identity": identity, "signal": int(program.death_signal)}
            for name, (program, process) in self._running.items()
            if (identity := processes.identity(process.pid))
        }
        with contextlib.suppress(OSError):  # a full disk must not keep a program from being restarted
            home.write_json(self._record, entries)


async def _left(ones: list[tuple[Program, Process]], seconds: float, hurry: asyncio.Event | None = None) -> list[str]:
    """Wait until all have ended. Return those that have not at the deadline, or when a second signal asks to hurry."""
    deadline = asyncio.get_running_loop().time() + seconds
    while left := [program.name for program, process in ones if process.returncode is None]:
        if (hurry and hurry.is_set()) or asyncio.get_running_loop().time() > deadline:
            break
        await asyncio.sleep(0.02)
    return left


def _send(process: Process, number: signal.Signals) -> None:
    """Send SIGKILL to the whole process group, and other signals only to its leader, which knows its children."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            (os.killpg if number == signal.SIGKILL else os.kill)(process.pid, number)


def how_it_ended(status: int) -> str:
    if status >= 0:
        return f"ended with status {status}"
    return f"was killed by {signal.Signals(-status).name}"
