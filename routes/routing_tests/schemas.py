"""How the API tells decisions."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, Field


def _is_none(value: Any) -> bool:
    return value is None


class Decision(BaseModel):
    """What a run decides, without the keys that do not apply. `call` only where it diverged, `code` only where it
    decided nothing.
    """

    decision: Annotated[str, Field(description="In results also `divergent` and `none`.")]
    agent_id: Annotated[UUID | None, Field(exclude_if=_is_none)] = None
    user_id: Annotated[UUID | None, Field(exclude_if=_is_none)] = None
    group_id: Annotated[UUID | None, Field(exclude_if=_is_none)] = None
    call: Annotated[str | None, Field(exclude_if=_is_none)] = None
    code: Annotated[str | None, Field(exclude_if=_is_none)] = None
