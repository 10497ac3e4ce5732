"""What the OpenAPI document says beyond what FastAPI finds out: scopes, problems, and what a query can hold.

Which problems an operation can answer with follows from what it takes, so it is said here once for all of them. A route
names only what cannot be seen from outside, for example `responses={409: {}}`.
"""

from collections.abc import Iterable
from typing import Any

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from app.api.context import need
from app.api.problems import MEDIA_TYPE

Node = dict[str, Any]

# What a client can do about it belongs into the problem's detail; here is only what the status means.
_MEANING = {
    400: "The body cannot be read",
    401: "No valid key was shown",
    403: "The key may not do this",
    404: "There is no such thing",
    409: "It conflicts with what is there",
    413: "The body is too large",
    415: "The body has the wrong media type",
    422: "The request does not fit the schema, or what it names cannot be used",
    429: "Too many requests; try again later",
    503: "The worker or the data folder cannot be used now",
    507: "The disk is full",
}
_TEXT = {"schema": {"type": "string"}}
_SECONDS = {"schema": {"type": "integer", "minimum": 1}}
_HEADERS: dict[int, Node] = {
    401: {"WWW-Authenticate": {**_TEXT, "required": True, "description": "How to show a key"}},
    429: {"Retry-After": {**_SECONDS, "required": True, "description": "Seconds"}},
    503: {"Retry-After": {**_SECONDS, "description": "Seconds"}},
}
# For routes that make something which has an address.
LOCATION: Node = {"headers": {"Location": {**_TEXT, "required": True, "description": "Where it is"}}}
ACCEPTED: Node = {"headers": {**LOCATION["headers"], "Retry-After": {**_SECONDS, "description": "When to look"}}}

JSON: Node = {"type": "string", "contentMediaType": "application/json"}

_BEARER = "HTTPBearer"
_API_KEY = "APIKeyHeader"


def upload_body(**fields: Node) -> Node:
    """The request body of an upload, with further form fields by name."""
    video = {"type": "string", "format": "binary", "description": "the file"}
    content = {
        "schema": {
            "type": "object",
            "required": ["video"],
            "properties": {"video": video, **fields},
            "additionalProperties": False,
        },
        "encoding": {"video": {"contentType": "video/mp4"}},
    }
    return {"requestBody": {"required": True, "content": {"multipart/form-data": content}}}


def events(data: Node, *names: str) -> Node:
    """The media type of a stream of server-sent events.

    Args:
        data: the schema of an event's data. names: of the events, if they have any.
    """
    properties: Node = {"data": data}
    if names:
        properties["event"] = {"type": "string", "enum": list(names)}
    return {"text/event-stream": {"itemSchema": {"type": "object", "required": ["data"], "properties": properties}}}


def complete(document: Node, routes: Iterable[object]) -> None:
    """Fill in what FastAPI left out.

    Args:
        document: as FastAPI made it; it is changed. routes: of the application.
    """
    schemes = document.setdefault("components", {}).setdefault("securitySchemes", {})
    schemes[_API_KEY] = {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "An API key."}
    for route in routes:
        if isinstance(route, APIRoute):
            for method in route.methods or ():
                _complete(document["paths"][route.path_format][method.lower()], sorted(_scopes(route.dependant)))


def _complete(operation: Node, needed: list[str]) -> None:
    operation["security"] = [{_BEARER: needed}, {_API_KEY: needed}] if needed else []
    if needed:
        operation["description"] += f"\n\nNeeds the scope `{'`, `'.join(needed)}`."
    parameters = operation.get("parameters", [])
    for parameter in parameters:
        parameter["schema"] = _without_null(parameter["schema"])
    responses = operation["responses"]
    for status in _statuses(operation, parameters, keyed=bool(needed)):
        responses.setdefault(str(status), {})
    for status, response in responses.items():
        if status == "default" or (int(status) >= 400 and "content" not in response):
            responses[status] = _problem(status, response)
    operation["responses"] = dict(sorted(responses.items()))


def _statuses(operation: Node, parameters: list[Node], *, keyed: bool) -> set[int]:
    """The problems that follow from what an operation takes."""
    found: set[int] = {401, 403, 429, 503} if keyed else set()
    if any(parameter["in"] == "path" for parameter in parameters):
        found.add(404)
    # Every text is a possible id; what else is in a path or a query can be malformed.
    if any(parameter["in"] != "path" or parameter["schema"].get("type") != "string" for parameter in parameters):
        found.add(422)
    body = operation.get("requestBody")
    if body is not None:
        found |= {400, 413, 422}
        if "multipart/form-data" in body["content"]:
            found |= {415, 507}
    return found


def _problem(status: str, response: Node) -> Node:
    code = 0 if status == "default" else int(status)
    made = {
        "description": response.get("description") or _MEANING.get(code, "A problem (RFC 9457)"),
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemOut"}}},
    }
    return {**made, "headers": _HEADERS[code]} if code in _HEADERS else made


def _without_null(schema: Node) -> Node:
    """A parameter may be left out, but there is no way to write null into a URL or a header."""
    options = [option for option in schema.get("anyOf", []) if option != {"type": "null"}]
    if len(options) != 1:
        return schema
    return {**{key: value for key, value in schema.items() if key != "anyOf"}, **options[0]}


def _scopes(dependant: Dependant) -> set[str]:
    found = {dependant.call.scope} if isinstance(dependant.call, need) else set()
    return found.union(*(_scopes(child) for child in dependant.dependencies))
