"""What Django's test client answers: a response that also knows its request, its context and its JSON."""

from typing import TYPE_CHECKING

from django.http import HttpResponse

if TYPE_CHECKING:
    # Django gives these attributes to a plain response, and only its stubs have a name for the result.
    from django.test.client import _MonkeyPatchedWSGIResponse as Response
else:
    Response = HttpResponse

__all__ = ["Response"]
