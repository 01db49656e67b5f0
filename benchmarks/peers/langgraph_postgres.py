"""LangGraph: a graph of two nodes, kept by its Postgres checkpointer as it comes. It has no queue."""

import asyncio
from typing import Annotated, Any, TypedDict

from desk import BILLING, COMPLETE, DATABASE, HAND_OVER, PLACES, TRIAGE, main, text, told
from langchain_openai import ChatOpenAI
from langgraph.checkpoint.postgres import PostgresSaver
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.message import add_messages
from langgraph.types import Command
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool

OPTIONS = {"autocommit": True, "prepare_threshold": 0, "row_factory": dict_row}


class State(TypedDict):
    messages: Annotated[list[Any], add_messages]


def prepare() -> None:
    with PostgresSaver.from_conn_string(DATABASE) as saver:
        saver.setup()


def graph() -> StateGraph[Any]:
    model = ChatOpenAI(model="scripted")
    triage, billing = model.bind_tools([HAND_OVER]), model.bind_tools([COMPLETE])

    async def ask_triage(state: State) -> Command[Any]:
        answer = await triage.ainvoke([("system", TRIAGE), *state["messages"][:1]])
        return Command(goto="billing" if answer.tool_calls else END, update={"messages": [answer]})

    async def ask_billing(state: State) -> dict[str, Any]:
        return {"messages": [await billing.ainvoke([("system", BILLING), *state["messages"][:1]])]}

    made = StateGraph(State)
    made.add_node("triage", ask_triage, destinations=("billing", END))
    made.add_node("billing", ask_billing)
    made.add_edge(START, "triage")
    made.add_edge("billing", END)
    return made


def work() -> None:
    run_cases(graph())


def run_cases(made: StateGraph[Any]) -> None:
    """Each case is a thread of its own."""

    async def case(app: Any, mail: int, places: asyncio.Semaphore) -> None:
        async with places:
            given = {"messages": [("user", text(mail))]}
            await app.ainvoke(given, {"configurable": {"thread_id": str(mail)}})

    async def cases(first: int, count: int) -> None:
        async with AsyncConnectionPool(DATABASE, max_size=10, kwargs=OPTIONS) as pool:
            app, places = made.compile(checkpointer=AsyncPostgresSaver(pool)), asyncio.Semaphore(PLACES)
            await asyncio.gather(*(case(app, mail, places) for mail in range(first, first + count)))

    with asyncio.Runner() as runner:
        told(lambda first, count: runner.run(cases(first, count)))


if __name__ == "__main__":
    main(prepare=prepare, work=work)
