"""The floor: the same two runs by pydantic-ai's own agents, in process, with nothing kept."""

import asyncio

from desk import BILLING, PLACES, TRIAGE, main, text, told
from pydantic_ai import Agent, ToolOutput
from pydantic_ai.models.openai import OpenAIChatModel


def hand_over(reason: str) -> str:
    """Hand over."""
    return reason


def complete_case(summary: str) -> str:
    """Complete case."""
    return summary


def work() -> None:
    model = OpenAIChatModel("scripted")
    triage = Agent(model, instructions=TRIAGE, output_type=ToolOutput(hand_over, name="hand_over"))
    billing = Agent(model, instructions=BILLING, output_type=ToolOutput(complete_case, name="complete_case"))

    async def case(mail: int, places: asyncio.Semaphore) -> None:
        async with places:
            await triage.run(text(mail))
            await billing.run(text(mail))

    async def cases(first: int, count: int) -> None:
        places = asyncio.Semaphore(PLACES)
        await asyncio.gather(*(case(mail, places) for mail in range(first, first + count)))

    with asyncio.Runner() as runner:
        told(lambda first, count: runner.run(cases(first, count)))


if __name__ == "__main__":
    main(prepare=lambda: None, work=work)
