"""How Baton's processes start, and how they are found again after the supervisor was killed."""

import contextlib
import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .home import Account

_LINUX = sys.platform.startswith("linux")
_PR_SET_PDEATHSIG = 1
# Loaded before any fork: nothing may be imported between fork and exec.
_libc = ctypes.CDLL(None, use_errno=True) if _LINUX else None


@dataclass(frozen=True)
class Program:
    """A command, and how it is started and stopped."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)
    once: bool = False  # runs to its end before the next program starts
    server: bool = False  # other programs need it, so it is stopped after them
    stop_signal: signal.Signals = signal.SIGTERM
    kill_signal: signal.Signals = signal.SIGKILL
    # Sent by the kernel when the process that started it dies (Linux). Without the supervisor nothing restarts
    # a worker and the servers are going: there is nothing left to finish.
    death_signal: signal.Signals = signal.SIGKILL
    account: Account | None = None
    files: tuple[int, ...] = ()  # open files it inherits
    before: Callable[[], object] | None = None  # called before every start
    ready: Callable[[], Awaitable[bool]] | None = None  # what its first start waits for


def options(program: Program) -> dict[str, Any]:
    """Arguments of Popen: a session of its own, so that the terminal's Ctrl-C reaches the supervisor only."""
    account = program.account
    # The other account may have no access to the current working folder.
    drop = {"user": account.uid, "group": account.gid, "extra_groups": [], "cwd": "/"} if account else {}
    return {
        "env": dict(program.environment),
        "stdin": subprocess.DEVNULL,
        "start_new_session": True,
        "pass_fds": program.files,
        "preexec_fn": die_with(os.getpid(), program.death_signal),
        **drop,
    }


def run(program: Program) -> subprocess.CompletedProcess[str]:
    """Run the program to its end and return its output."""
    return subprocess.run(  # noqa: S603 (what runs here is ours)
        program.command, capture_output=True, text=True, check=False, **options(program)
    )


def die_with(parent: int, death_signal: signal.Signals) -> Callable[[], None] | None:
    """Ask the kernel to end this process when its parent is gone. Called in a new process, after the change of account,
    which would clear the request.
    """
    if _libc is None:
        return None
    prctl, number = _libc.prctl, int(death_signal)

    def ask() -> None:
        prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0)
        if os.getppid() != parent:  # it went between fork and here
            os._exit(1)

    return ask


def identity(pid: int) -> str | None:
    """Return when the process started, which tells it from a later one with the same pid. None if it has ended."""
    if not _LINUX:
        state, _, started = _ask("ps", "-o", "stat=,lstart=", "-p", str(pid)).strip().partition(" ")
        return None if not state or state.startswith("Z") else started.strip()
    try:
        # The name, in parentheses, may contain anything; the state comes after it and the start 19 fields later.
        after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return None
    return None if after_name[0] in "ZX" else f"{boot} {after_name[19]}"


def working_in(folder: Path, name: str) -> list[int]:
    """Return the living processes with this program name and this working folder."""
    if not _LINUX:
        return _working_in_by_lsof(folder, name)
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):  # it has ended, or belongs to another account
                if (entry / "comm").read_text().strip() == name and (entry / "cwd").samefile(folder):
                    found.append(int(entry.name))
    return found


def _working_in_by_lsof(folder: Path, name: str) -> list[int]:
    found, pid = [], 0
    for line in _ask("lsof", "-a", "-c", name, "-d", "cwd", "-Fpn").splitlines():
        if line.startswith("p"):
            pid = int(line[1:])
        elif line == f"n{folder.resolve()}":
            found.append(pid)
    return found


def _ask(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout  # noqa: S603


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def stop_recorded(record: Path) -> None:
    """Stop recorded processes of a killed supervisor that the kernel did not end, with each server's stop signal."""
    try:
        entries = json.loads(record.read_text()).values()
        living = {int(e["pid"]): int(e["signal"]) for e in entries if identity(int(e["pid"])) == e["identity"]}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return
    for pid, number in living.items():
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
    if not wait_until(lambda: not any(map(identity, living)), 10):
        for pid in filter(identity, living):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
        wait_until(lambda: not any(map(identity, living)), 2)
    record.unlink(missing_ok=True)


def telling_line(lines: Iterable[str]) -> str:
    """Return the line of a program's output that says why it failed."""
    said = [line.strip() for line in lines if line.strip()]
    telling = [line for line in said if "FATAL:" in line or "error:" in line]
    return (telling or said or ["it said nothing."])[-1]
