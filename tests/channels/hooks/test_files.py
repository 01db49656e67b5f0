"""Files that messages name by URL: fetched at checked addresses, attached once, and told of where they are not."""

import http.server
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from cases.models import Attachment, Case
from channels.hooks import files
from channels.models import Arrival, Source
from channels.sources import sources
from channels.sources.sources import SourceFields
from tests.channels.conftest import Send
from tests.fixtures import events

pytestmark = pytest.mark.django_db

_ANSWERS: dict[str, tuple[int, dict[str, str], bytes]] = {
    "/bill.pdf": (200, {}, b"a bill"),
    "/named": (200, {"Content-Disposition": 'attachment; filename="../Terms of use.pdf"'}, b"terms"),
    "/moved": (302, {"Location": "/bill.pdf"}, b""),
    "/inside": (302, {"Location": "http://169.254.169.254/keys"}, b""),
    "/round": (302, {"Location": "/round"}, b""),
    "/gone": (404, {}, b""),
    "/busy": (503, {}, b""),
    "/large": (200, {}, b"x" * 2000),
}


@pytest.fixture
def server(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    settings.BATON_ALLOW_PRIVATE_ADDRESSES = True
    monkeypatch.setattr(files, "FILE_LIMIT", 1000)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, body = _ANSWERS[self.path]
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            pass

    running = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=running.serve_forever, args=[0.05], daemon=True).start()
    yield f"http://127.0.0.1:{running.server_port}"
    running.shutdown()
    running.server_close()


@pytest.fixture
def sent(hook: tuple[Source, str], send: Send, server: str) -> Callable[..., Arrival]:
    """Send a message that names files, and fetch them."""
    source, _ = hook
    mapping = {"files[].url": "attachments", "photo": "attachments"}
    sources.change_source(source, SourceFields("Shop", source.queue, Source.Auth.BEARER, mapping))

    def sent(*paths: str, **more: str) -> Arrival:
        named = [{"url": path if "//" in path else f"{server}{path}", "id": 1} for path in paths]
        assert send({"subject": "Bill", "files": named} | more).status_code == 202
        files.fetch_files()
        return Arrival.objects.latest("at")

    return sent


def test_files_are_attached_once_and_their_urls_stay_in_the_details(sent: Callable[..., Arrival], server: str) -> None:
    photo = f"{server}/moved and {server}/bill.pdf"
    arrival = sent("/bill.pdf", "/named", photo=photo)
    assert [file["state"] for file in arrival.files] == ["attached"] * 3, arrival.files
    case = Case.objects.get()
    assert sorted((file.name, file.file.read()) for file in case.attachments.all()) == [
        ("Terms of use.pdf", b"terms"),
        ("bill.pdf", b"a bill"),
        ("bill.pdf", b"a bill"),
    ]
    assert case.data["photo"] == photo
    assert case.title == "Bill"
    assert events(case) == ["created", *["attached"] * 3]
    assert arrival.files_at is None
    assert not files.has_files()


@pytest.mark.parametrize(
    ("path", "state", "words"),
    [
        ("/gone", "failed", "answered 404"),
        ("/busy", "waiting", "answered 503"),
        ("/large", "failed", "larger than 20 MB"),
        ("/inside", "waiting", "private network"),
        ("/round", "waiting", "edirect"),
        ("http://169.254.169.254/keys", "failed", "private network"),
        ("http://user:secret@example.com/x", "failed", "leave out the name and password"),
        ("http://127.0.0.1:1/", "waiting", "."),
    ],
)
def test_a_file_that_cannot_be_fetched_is_told_of(
    sent: Callable[..., Arrival], path: str, state: str, words: str
) -> None:
    arrival = sent(path)
    [file] = arrival.files
    assert (file["state"], words in file["error"]) == (state, True), file
    assert (arrival.files_at is None) == (state == "failed")
    assert not Attachment.objects.exists()


def test_it_is_tried_again_and_then_given_up(sent: Callable[..., Arrival]) -> None:
    arrival = sent("/busy")
    for _ in files.PAUSES:
        Arrival.objects.update(files_at=arrival.at)
        files.fetch_files()
    arrival.refresh_from_db()
    assert (arrival.files[0]["state"], arrival.files_at) == ("failed", None)


def test_two_that_fetch_the_same_file_attach_it_once(sent: Callable[..., Arrival]) -> None:
    arrival = sent("/busy")
    rows = [Attachment(name="a", size=1, file=f"x/{place}") for place in range(2)]
    assert [files._note(arrival.pk, 0, "attached", row=row) for row in rows] == [True, False]
    assert Attachment.objects.count() == 1
