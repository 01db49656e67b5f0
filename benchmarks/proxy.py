"""A proxy before PostgreSQL that counts round trips, and can make each of them longer.

A round trip is whatever a client sends while the server is ready for it: one statement, or many in a pipeline. With a
delay every answer is late by that much, as if the database were on another machine.
"""

import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import get_context
from pathlib import Path

_CHUNK = 1 << 16
_READY = ord("Z")
_HEADER = 5  # a letter and the length


class Proxy:
    """Listens on a socket in a folder of its own, which is the host that clients are told. `server`: its socket."""

    def __init__(self, server: str, delay: float = 0.0) -> None:
        self.server = server
        self.delay = delay
        self.trips = 0
        self.folder = tempfile.mkdtemp(prefix="proxy-")
        self._socket = Path(self.folder, Path(server).name)
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(self._socket))
        self._listening.listen(64)

    def serve(self) -> None:
        """Until it is closed."""
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(self.server)
                state = _State()
                threading.Thread(target=self._ask, args=(client, server, state), daemon=True).start()
                threading.Thread(target=self._answer, args=(server, client, state), daemon=True).start()

    def close(self) -> None:
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        with suppress(OSError):
            self._socket.unlink()
            self._socket.parent.rmdir()

    def _ask(self, client: socket.socket, server: socket.socket, state: "_State") -> None:
        with suppress(OSError):
            while said := client.recv(_CHUNK):
                if state.is_ready:
                    state.is_ready = False
                    self.trips += 1
                server.sendall(said)
            server.shutdown(socket.SHUT_WR)

    def _answer(self, server: socket.socket, client: socket.socket, state: "_State") -> None:
        with suppress(OSError):
            while said := server.recv(_CHUNK):
                if self.delay:
                    time.sleep(self.delay)
                state.read(said)
                client.sendall(said)
            client.shutdown(socket.SHUT_WR)


class _State:
    """Of one connection: whether the server waits for the client, as its messages say."""

    def __init__(self) -> None:
        self.is_ready = False
        self._left = b""
        self._skip = 0

    def read(self, said: bytes) -> None:
        at, said = 0, self._left + said
        while at < len(said):
            if self._skip:
                step = min(self._skip, len(said) - at)
                at, self._skip = at + step, self._skip - step
            elif len(said) - at < _HEADER:
                break
            else:
                self.is_ready = said[at] == _READY or self.is_ready
                self._skip = 1 + int.from_bytes(said[at + 1 : at + _HEADER])
        self._left = said[at:]


@contextmanager
def counting(server: str) -> Iterator[Proxy]:
    """In threads of this process, so that its count can be read."""
    proxy = Proxy(server)
    threading.Thread(target=proxy.serve, daemon=True).start()
    try:
        yield proxy
    finally:
        proxy.close()


@contextmanager
def delaying(server: str, delay: float) -> Iterator[str]:
    """In a process of its own, so that it takes no turns of those it is between; the folder of its socket."""
    proxy = Proxy(server, delay)
    process = get_context("fork").Process(target=proxy.serve, daemon=True)
    process.start()
    try:
        yield proxy.folder
    finally:
        process.kill()
        process.join()
        proxy.close()
