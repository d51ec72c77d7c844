"""The description of the collecting endpoints in OpenAPI: what clients send, and what they are told."""

# an OpenAPI document is an open tree of JSON
from typing import Any

from upshot.collect.protocols import PROTOCOLS
from upshot.collect.protocols.protocol import Described

__all__ = ["COLLECT_PATHS", "collect_paths"]

_FAULT = {
    "type": "object",
    "required": ["code", "message"],
    "properties": {"code": {"type": "string"}, "message": {"type": "string"}, "hint": {"type": "string"}},
}


def _endpoint(described: Described) -> dict[str, Any]:
    errors = {
        "400": "The body is nothing of this protocol.",
        "401": "The write key is missing or not in force.",
        "408": "The body came in too slowly.",
        "413": "The body is too large, or unpacks to too much.",
        "429": "The key brings more than it may; Retry-After says when to come back.",
        "503": "The store cannot keep up or is full; Retry-After says when to come back.",
    }
    return {
        "post": {
            "operationId": described.operation,
            "summary": described.summary,
            "description": "Success means that the events are durable. A message that is no event goes to quarantine.",
            "requestBody": {"required": True, "content": {"application/json": {"schema": described.request}}},
            "responses": {
                "200": {"description": "Durable.", "content": {"application/json": {"schema": described.answer}}},
                **{
                    code: {"description": why, "content": {"application/json": {"schema": _FAULT}}}
                    for code, why in errors.items()
                },
            },
            "security": [{"token": []}, {"write_key": []}, {}],
        }
    }


def collect_paths() -> dict[str, Any]:
    """Every collecting endpoint, by address."""
    endpoints = (endpoint for protocol in PROTOCOLS for endpoint in protocol.endpoints)
    return {endpoint.path: _endpoint(endpoint.described) for endpoint in endpoints if endpoint.described is not None}


COLLECT_PATHS = tuple(collect_paths())
"""The addresses that are described."""
