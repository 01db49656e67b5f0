"""What asking tests costs, estimated before any model is asked."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from genai_prices import Usage, calc_price

from runs.providers.providers import OFFLINE

# About so many characters are one token, and so many tokens has an answer that is one call of a tool.
CHARACTERS, ANSWER = 4, 60
_PRICED_AS = {"openai-chat": "openai"}


@dataclass(frozen=True)
class Estimate:
    """`requests` to language models, and what they cost in US dollars: None where a price is not known."""

    requests: int
    usd: Decimal | None


def dollars(name: str, input_tokens: int, output_tokens: int) -> Decimal | None:
    """Return what one request to the model of this name costs. None where its price is not known."""
    provider, _, model = name.partition(":")
    usage = Usage(input_tokens=input_tokens, output_tokens=output_tokens)
    try:
        return calc_price(usage, model, provider_id=_PRICED_AS.get(provider, provider)).total_price
    except (LookupError, ValueError, AssertionError):
        return None


def estimate(asked: Iterable[tuple[dict[str, Any], dict[str, Any], int]]) -> Estimate:
    """`asked`: what each run is made of and its sample, as a question holds them, and how often it is asked."""
    requests, usd = 0, Decimal(0)
    is_known = True
    said: dict[int, int] = {}
    for told, sample, times in asked:
        if told["model"] == OFFLINE:
            continue
        if id(told) not in said:
            said[id(told)] = len(told["instructions"]) + len(json.dumps(told["tools"]))
        tokens = (said[id(told)] + len(sample["prompt"])) // CHARACTERS
        price = dollars(told["model"], tokens, ANSWER)
        is_known, usd, requests = is_known and price is not None, usd + times * (price or 0), requests + times
    return Estimate(requests, usd if is_known else None)
