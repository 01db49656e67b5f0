"""How the API tells decisions."""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field


class Decision(BaseModel):
    """What a run decides. `call` only where it diverged, `code` only where it decided nothing."""

    decision: Annotated[str, Field(description="In results also `divergent` and `none`.")]
    agent_id: UUID | None = None
    user_id: UUID | None = None
    group_id: UUID | None = None
    call: str | None = None
    code: str | None = None
