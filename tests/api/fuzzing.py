"""What the fuzzer cannot know: names of requests are used once, and cursors come from the page before.

Read by schemathesis as a module of hooks.
"""

import re
import uuid
from typing import Any

import schemathesis

_NAME = re.compile("[!#-~]{1,255}")


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
    headers, query = case.headers or {}, case.query or {}
    name = headers.get("Idempotency-Key")
    if isinstance(name, str) and _NAME.fullmatch(name):
        headers["Idempotency-Key"] = str(uuid.uuid4())
    if re.fullmatch("[A-Za-z0-9_-]+:[A-Za-z0-9_-]+", str(query.get("cursor", ""))):
        query["cursor"] = ""
