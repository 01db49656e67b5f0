"""Tools are prepared once for all requests that offer the same."""

import httpx2
import pytest
from pydantic_ai.models import ModelRequestParameters
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.output import OutputObjectDefinition
from pydantic_ai.tools import ToolDefinition

from runs.providers import prepared_tools
from runs.providers.providers import PROVIDERS, Access


def definition(name: str) -> ToolDefinition:
    schema = {"type": "object", "title": "T", "properties": {"to": {"type": "string", "title": "To", "minLength": 1}}}
    return ToolDefinition(name=name, description="Ask", parameters_json_schema=schema)


@pytest.fixture
def model() -> OpenAIChatModel:
    made = PROVIDERS["openai-chat"].build("gpt-5", Access("key", "https://example.com/v1"), httpx2.AsyncClient())
    assert isinstance(made, OpenAIChatModel)
    return made


def test_what_is_remembered_is_what_pydantic_ai_makes_of_it(model: OpenAIChatModel) -> None:
    offered = ModelRequestParameters(function_tools=[definition("one"), definition("two")], allow_text_output=False)
    made = model.customize_request_parameters(offered)
    assert made == OpenAIChatModel("gpt-5", provider=model._provider).customize_request_parameters(offered)
    assert made.function_tools != offered.function_tools
    again = model.customize_request_parameters(ModelRequestParameters(function_tools=[*offered.function_tools]))
    assert again.function_tools is made.function_tools and again.allow_text_output


def test_other_tools_are_prepared_by_themselves(model: OpenAIChatModel) -> None:
    one, two = definition("one"), definition("two")
    names = [
        [
            tool.name
            for tool in model.customize_request_parameters(ModelRequestParameters(function_tools=tools)).function_tools
        ]
        for tools in ([one], [one, two], [two])
    ]
    assert names == [["one"], ["one", "two"], ["two"]]


def test_an_answer_that_a_schema_holds_is_not_mistaken_for_tools(model: OpenAIChatModel) -> None:
    schema = OutputObjectDefinition(json_schema={"type": "object", "title": "T", "properties": {}})
    held = ModelRequestParameters(output_mode="native", output_object=schema, allow_text_output=False)
    made = model.customize_request_parameters(held).output_object
    assert made and "title" not in made.json_schema


def test_so_many_sets_of_tools_are_remembered_and_no_more(
    model: OpenAIChatModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prepared_tools, "_MOST", 3)
    assert isinstance(model, prepared_tools.RemembersTools)
    for number in range(8):
        model.customize_request_parameters(ModelRequestParameters(function_tools=[definition(f"t{number}")]))
        assert len(model._customized) <= 3
