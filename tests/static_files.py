"""A test process looks for the static files once: each new test client would look for all 318 again."""

from typing import Any

from servestatic.middleware import ServeStaticMiddleware

_find = ServeStaticMiddleware.add_files_from_finders
_found: dict[str, Any] = {}


def _find_once(middleware: ServeStaticMiddleware) -> None:
    if not _found:
        _find(middleware)
        _found.update(middleware.files)
    middleware.files.update(_found)


_MIDDLEWARE: Any = ServeStaticMiddleware
_MIDDLEWARE.add_files_from_finders = _find_once
