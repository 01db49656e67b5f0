"""Where requests to models leave Baton and answers come in.

Every answer is asked for as a stream, so that a provider that has fallen silent is told from a model that thinks. It is
read here, however odd it is, and handed on in one piece as the provider's own library wants to see it; what cannot be
read is a ModelProblem in the provider's words.
"""

import json
from typing import Any

import httpx2
from django.conf import settings

from . import dialects
from .answers import AnswerReader
from .dialect import STREAM, Dialect
from .problems import ModelProblem, silent
from .reading import Json, Unreadable
from .refusals import error_body, refusal, unknown_part


class Wire(httpx2.AsyncBaseTransport):
    """Sends through `client`. It remembers of each model what its server did not know, and does not ask again.

    It also remembers which servers ignore the wish for a stream: those are silent for as long as the model thinks.
    """

    def __init__(self, client: httpx2.AsyncClient, kind: str) -> None:
        self._client = client
        self._kind = kind
        self._without: dict[str, frozenset[str]] = {}
        self._without_stream: set[str] = set()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        try:
            return await self._handle(request)
        except ModelProblem as problem:
            # A server might repeat the key it was sent, and the providers' libraries log what breaks their requests.
            raise problem.without(_keys(request)) from None

    async def _handle(self, request: httpx2.Request) -> httpx2.Response:
        dialect = dialects.dialect_of(request.url.path)
        if dialect is None:
            return await self._client.send(request, stream=True)
        body: Json = json.loads(await request.aread())
        model = str(body.get("model") or request.url.path.rpartition("/")[2].partition(":")[0])
        name = f"{self._kind}:{model}"
        try:
            settled = dialect.settle(await self._answer(request, dialect, body, name), model)
        except Unreadable as error:
            raise ModelProblem("model_unavailable", f"{error} ({name})", passes=True) from error
        return _response(dialect, settled, is_stream_wanted=body.get("stream") is True, request=request)

    async def _answer(self, request: httpx2.Request, dialect: Dialect, body: Json, name: str) -> Json:
        """Return the answer in one piece. The request is repeated without what the server says it does not know."""
        without = self._without.get(name, frozenset())
        while True:
            is_silent = STREAM in without or name in self._without_stream
            asking = _asking(self._client, request, dialect, body, without, is_silent=is_silent)
            response = await self._send(asking, name)
            try:
                if response.is_success:
                    self._without[name] = without
                    return await self._read(AnswerReader(name, dialect), response, name)
                said = await error_body(response)
            finally:
                await response.aclose()
            unknown = unknown_part(response.status_code, said, dialect, body, without)
            if unknown is None:
                raise refusal(name, response, said)
            without |= {unknown}

    async def _read(self, reader: AnswerReader, response: httpx2.Response, name: str) -> Json:
        answer = await reader.read(response)
        if reader.came_whole:
            self._without_stream.add(name)
        else:
            self._without_stream.discard(name)
        return answer

    async def _send(self, request: httpx2.Request, name: str) -> httpx2.Response:
        try:
            return await self._client.send(request, stream=True, follow_redirects=False)
        except httpx2.ReadTimeout as error:
            raise silent(name) from error


def _asking(
    client: httpx2.AsyncClient,
    request: httpx2.Request,
    dialect: Dialect,
    body: Json,
    without: frozenset[str],
    *,
    is_silent: bool,
) -> httpx2.Request:
    url, asked = dialect.ask(request.url, body, without)
    extensions: dict[str, Any] = dict(request.extensions)
    if is_silent:
        # An answer that comes whole is silent for as long as the model thinks.
        extensions["timeout"] = {**extensions.get("timeout", {}), "read": settings.MODEL_TOTAL_SECONDS}
    headers = {key: value for key, value in request.headers.items() if key not in _OUR_HEADERS}
    headers["accept-encoding"] = "identity"
    return client.build_request(
        request.method, url, headers=headers, content=json.dumps(asked).encode(), extensions=extensions
    )


def _keys(request: httpx2.Request) -> list[str]:
    return [request.headers[name].removeprefix("Bearer ") for name in _KEY_HEADERS if name in request.headers]


_KEY_HEADERS = ("authorization", "x-api-key", "api-key", "x-goog-api-key")
_OUR_HEADERS = ("content-length", "transfer-encoding", "accept-encoding", "accept")


def _response(dialect: Dialect, settled: Json, *, is_stream_wanted: bool, request: httpx2.Request) -> httpx2.Response:
    if is_stream_wanted and dialect.replay:
        lines = [f"event: {name}\ndata: {json.dumps(data)}\n\n" for name, data in dialect.replay(settled)]
        return httpx2.Response(
            200, headers={"content-type": "text/event-stream"}, content="".join(lines).encode(), request=request
        )
    return httpx2.Response(200, json=settled, request=request)
