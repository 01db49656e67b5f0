"""langgraph-swarm: two agents, one of which may hand over to the other, kept by the Postgres checkpointer."""

from desk import BILLING, TRIAGE, main
from langchain.agents import create_agent
from langchain_openai import ChatOpenAI
from langgraph_postgres import prepare, run_cases
from langgraph_swarm import create_handoff_tool, create_swarm


def work() -> None:
    model = ChatOpenAI(model="scripted")
    to_billing = create_handoff_tool(agent_name="billing", name="transfer_to_billing")
    triage = create_agent(model, [to_billing], system_prompt=TRIAGE, name="triage")
    billing = create_agent(model, [], system_prompt=BILLING, name="billing")
    run_cases(create_swarm([triage, billing], default_active_agent="triage"))


if __name__ == "__main__":
    main(prepare=prepare, work=work)
