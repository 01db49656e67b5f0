"""What the description of the API says of every operation: the scope it takes, its errors, and how it is repeated."""

from typing import Any

from pydantic import BaseModel

from .problems import Error

_REFERENCE = "#/components/schemas/{model}"
_REASONS = {
    400: "The request cannot be read.",
    401: "No key, or one that was revoked or has ended.",
    403: "The key lacks the scope.",
    404: "There is no such thing in the team of the key.",
    409: "Not possible as things are now; the code says why.",
    413: "The body is too large.",
    415: "The body is not JSON in UTF-8, or its Content-Type does not say so.",
    422: "Something of the request cannot be used; `fields` says what.",
    429: "The key sends too many requests; `Retry-After` says when to go on.",
}
_IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!#-~]{1,255}$"},
    "description": "A name of your own for this request: sent again within 24 hours, it is not done again.",
}


def complete(schema: dict[str, Any], scopes: dict[str, str]) -> None:
    """`scopes`: by operation id."""
    components = schema["components"]
    components["schemas"] |= Error.model_json_schema(ref_template=_REFERENCE)["$defs"]
    components["schemas"]["Error"] = _without_defs(Error)
    components["securitySchemes"]["TeamKey"]["description"] = (
        "A key of the team: `Authorization: Bearer baton_…`. Its scopes say what it may do."
    )
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            _complete(operation, method, "{" in path, scopes[operation["operationId"]])
    # Filters are written out as query parameters, so nothing refers to their types. Those leave, and what only they
    # refer to.
    schemas = schema["components"]["schemas"]
    used, new = set[str](), _names(schema["paths"])
    while new:
        used |= new
        new = set().union(*(_names(schemas[name]) for name in new)) - used
    schema["components"]["schemas"] = {name: schemas[name] for name in sorted(used)}
    for component in schema["components"]["schemas"].values():
        for field in component.get("properties", {}).values():
            if isinstance(field.get("default"), dict):  # generators take no object, and it says that all is left out
                del field["default"]
            if len(field.get("allOf", [])) == 1:  # how pydantic writes a reference with a default beside it
                field.update(field.pop("allOf")[0])


def _names(node: Any) -> set[str]:
    """The components that a part of the document refers to."""
    if isinstance(node, list):
        return set().union(*map(_names, node))
    if not isinstance(node, dict):
        return set()
    reference = node.get("$ref")
    here = {reference.rpartition("/")[2]} if isinstance(reference, str) else set()
    return here.union(*map(_names, node.values()))


def _complete(operation: dict[str, Any], method: str, has_id: bool, scope: str) -> None:
    changes = method != "get"
    said = operation.get("description", "").strip()
    operation["description"] = f"{said}\n\nTakes a key with the scope `{scope}`.".strip()
    # Only OAuth has scopes that documents can list.
    operation["security"] = [{"TeamKey": []}]
    operation["x-scope"] = scope
    wrong = [400, 401, 403, 422, 429]
    if has_id or changes:
        wrong.append(404)
    if changes:
        wrong += [409, 413, 415]
        operation.setdefault("parameters", []).append(_IDEMPOTENCY_KEY)
    for status in sorted(wrong):
        operation["responses"].setdefault(str(status), _failed(_REASONS[status]))
    operation["responses"]["default"] = _failed("What else went wrong, and why.")


def _failed(reason: str) -> dict[str, Any]:
    return {"description": reason, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}}


def _without_defs(model: type[BaseModel]) -> dict[str, Any]:
    schema = model.model_json_schema(ref_template=_REFERENCE)
    schema.pop("$defs", None)
    return schema
