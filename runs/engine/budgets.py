"""Whether a run has used up its budget. Looked at before each request to its model, so a turn is always finished:
an outcome or a handover that the last one asked for is applied.
"""

from builder.models import Agent
from builder.usage.limits import Limit, limit
from runs.models import Run
from runs.record.outcomes import Broken
from web.format.amounts import money

KINDS = ("requests", "tokens", "usd", "minutes")


def over(run: Run, agent: Agent) -> Broken | None:
    """How a run that is being worked ends when it has used up what it may."""
    for kind in KINDS:
        found = limit(agent, kind)
        if found and used(run, kind) >= found.amount:
            words = f"{_words(run, kind, found)} It can be raised {found.where}."
            return Broken(f"budget_{kind}", words)
    return None


def used(run: Run, kind: str) -> float:
    match kind:
        case "requests":
            return run.requests
        case "tokens":
            return run.input_tokens + run.output_tokens
        case "usd":
            return float(run.cost_usd or 0)
    return (run.worked + run.in_hand_for).total_seconds() / 60


def _words(run: Run, kind: str, most: Limit) -> str:
    amount = used(run, kind)
    match kind:
        case "requests":
            return f"It asked its model {_times(amount)}; a run may do so {_times(most.amount)}."
        case "tokens":
            return f"It used {amount:,.0f} tokens; a run may use {most.amount:,.0f}."
        case "usd":
            return f"It cost {money(amount)}; a run may cost {money(most.amount)}."
    return f"It worked for {amount:,.1f} minutes; a run may work for {most.amount:,g}."


def _times(number: float) -> str:
    return "once" if number == 1 else f"{number:,.0f} times"
