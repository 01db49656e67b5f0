"""Processes that tests start: they end with the test process, also when that is killed."""

import os
import signal
import subprocess
from typing import Any

from ops.stack.processes import die_with


def start(command: Any, **options: Any) -> subprocess.Popen[Any]:
    """`subprocess.Popen`, with the kernel told to kill the process when this one dies (on Linux).

    What the process starts itself ends with it in the same way, since all of Baton's programs ask for that.
    """
    return subprocess.Popen(command, preexec_fn=die_with(os.getpid(), signal.SIGKILL), **options)  # noqa: PLW1509
