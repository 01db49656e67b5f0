"""Looking at a file of a case without downloading it: pictures and plain text, and nothing that a browser could run.

A picture is sent as what its first bytes say it is, whatever its name, and only as one of four kinds; text is shown as
text on a page of ours. Everything else, such as SVG, HTML and PDF, can only be downloaded.
"""

from django.http import Http404, HttpResponse
from django.utils.csp import CSP
from django.utils.http import content_disposition_header

from cases.models import Attachment
from data.texts.signs import shown
from web.http.security_headers import DOWNLOAD_CSP

_IMAGES = {"png", "jpg", "jpeg", "gif", "webp"}
_TEXTS = {"txt", "log", "md", "csv", "tsv", "json", "eml", "yaml", "yml", "ini", "conf", "sql", "diff", "patch"}
# How each kind of picture begins.
_SIGNS = [
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
]
_TEXT_LIMIT = 64 * 1024


def kind_of(attachment: Attachment) -> str:
    """Return `image`, `text` or nothing, by the name of the file."""
    ending = attachment.name.rpartition(".")[2].lower()
    return "image" if ending in _IMAGES else "text" if ending in _TEXTS else ""


def image(attachment: Attachment) -> HttpResponse:
    """Return the picture, if it is one."""
    content = _read(attachment)
    kind = _image_type(content[:16])
    if not kind:
        raise Http404
    response = HttpResponse(content, content_type=kind)
    response["Content-Disposition"] = content_disposition_header(False, attachment.name) or "inline"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response[str(CSP.HEADER_ENFORCE)] = DOWNLOAD_CSP
    response["Cache-Control"] = "private, max-age=300"
    return response


def beginning(attachment: Attachment) -> tuple[str, bool]:
    """Return the first part of a text, and whether there is more."""
    content = _read(attachment, _TEXT_LIMIT + 1)
    return shown(content[:_TEXT_LIMIT].decode(errors="replace").replace("\0", "\ufffd")), len(content) > _TEXT_LIMIT


def _image_type(begin: bytes) -> str:
    if begin[:4] == b"RIFF" and begin[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for sign, kind in _SIGNS if begin.startswith(sign)), "")


def _read(attachment: Attachment, limit: int = -1) -> bytes:
    try:
        with attachment.file.open() as stored:
            return bytes(stored.read(limit))
    except FileNotFoundError as error:
        raise Http404 from error
