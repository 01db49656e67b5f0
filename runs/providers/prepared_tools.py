"""Tools as a provider takes them, prepared once: pydantic-ai walks through all schemas for each request, and many
requests offer the same tools.
"""

from dataclasses import replace
from functools import cache, cached_property
from typing import cast

from pydantic_ai.models import Model, ModelRequestParameters
from pydantic_ai.tools import ToolDefinition

# Of each model: so many sets of tools are remembered, of the agents that were at work last.
_MOST = 200


class RemembersTools(Model):
    """A class to name before that of a model, so that it customizes the same definitions of tools only once."""

    @cached_property
    def _customized(self) -> dict[tuple[int, ...], tuple[list[ToolDefinition], list[ToolDefinition]]]:
        """Return the customized definitions, found by the identity of the originals, which are kept beside them for
        that reason.
        """
        return {}

    def customize_request_parameters(self, model_request_parameters: ModelRequestParameters) -> ModelRequestParameters:
        offered = model_request_parameters.function_tools
        if model_request_parameters.output_object or model_request_parameters.output_tools or not offered:
            return super().customize_request_parameters(model_request_parameters)
        key = tuple(map(id, offered))
        if key not in self._customized:
            if len(self._customized) >= _MOST:
                self._customized.clear()
            customized = super().customize_request_parameters(ModelRequestParameters(function_tools=offered))
            self._customized[key] = (list(offered), customized.function_tools)
        return replace(model_request_parameters, function_tools=self._customized[key][1])


def remembering[M: Model](kind: type[M]) -> type[M]:
    """The class of a provider's models, which remember the tools they were asked with."""
    return cast(type[M], _remembering(kind))


@cache
def _remembering(kind: type[Model]) -> type[Model]:
    return type(kind.__name__, (RemembersTools, kind), {})
