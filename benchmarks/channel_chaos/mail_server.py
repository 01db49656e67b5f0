"""The SMTP server of the chaos, in a process of its own: `python -m benchmarks.channel_chaos.mail_server PORT LOG`.

What it takes is in the log before it answers. Lines on its input (`RCPT`, `end`) say where the next connection breaks.
"""

import json
import sys
import threading
from email.message import EmailMessage
from pathlib import Path

from tests.smtp import MailServer, text_of

_HEADERS = ("Message-ID", "To", "From", "Reply-To", "In-Reply-To", "Auto-Submitted")


def main(port: int, log: Path) -> None:
    written, lock = log.open("a"), threading.Lock()

    def keep(message: EmailMessage) -> None:
        with lock:
            said = {name: str(message[name] or "") for name in _HEADERS}
            written.write(json.dumps(said | {"text": text_of(message)}) + "\n")
            written.flush()
            # Only once: what is told next meets another server.
            threading.Timer(0.05, heal).start()

    def heal() -> None:
        server.breaks_at = ""

    server = MailServer(port, keep)
    print("ready", flush=True)
    for line in sys.stdin:
        server.breaks_at = line.strip()
        threading.Timer(1.0, heal).start()


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
