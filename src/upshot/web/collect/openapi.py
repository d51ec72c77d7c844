"""The description of the collecting endpoints in OpenAPI: what clients send, and what they are told."""

# an OpenAPI document is an open tree of JSON
from typing import Any

from upshot.collect.protocols.segment import CALLS

__all__ = ["COLLECT_PATHS", "collect_paths"]

_ID = {"type": ["string", "integer", "null"]}
_TIME = {"type": ["string", "null"], "examples": ["2024-05-01T12:00:00Z"]}
_OBJECT = {"type": "object"}
_FAULT = {
    "type": "object",
    "required": ["code", "message"],
    "properties": {"code": {"type": "string"}, "message": {"type": "string"}, "hint": {"type": "string"}},
}
_EVENT = {
    "type": "object",
    "required": ["event"],
    "properties": {
        "event": {"type": "string", "minLength": 1},
        "distinct_id": _ID,
        "anonymous_id": _ID,
        "id": _ID,
        "timestamp": _TIME,
        "session_id": _ID,
        "groups": {"type": "object", "additionalProperties": _ID},
        "properties": _OBJECT,
        "set": _OBJECT,
        "set_once": _OBJECT,
        "group_set": {"type": "object", "additionalProperties": _OBJECT},
        "sdk": {"type": "string"},
    },
}
_NATIVE = {
    "oneOf": [
        _EVENT,
        {"type": "array", "items": _EVENT},
        {
            "type": "object",
            "required": ["events"],
            "properties": {
                "events": {"type": "array", "items": _EVENT},
                "write_key": {"type": "string"},
                "sent_at": _TIME,
                "sdk": {"type": "string"},
            },
        },
    ]
}
_MESSAGE = {
    "type": "object",
    "properties": {
        "type": {"enum": sorted(set(CALLS.values()) - {"batch"})},
        "messageId": _ID,
        "event": {"type": "string"},
        "userId": _ID,
        "anonymousId": _ID,
        "previousId": _ID,
        "groupId": _ID,
        "timestamp": _TIME,
        "sentAt": _TIME,
        "properties": _OBJECT,
        "traits": _OBJECT,
        "context": _OBJECT,
        "writeKey": {"type": "string"},
    },
}
_POSTHOG = {
    "type": "object",
    "required": ["event", "distinct_id"],
    "properties": {
        "event": {"type": "string"},
        "distinct_id": _ID,
        "uuid": {"type": "string"},
        "timestamp": _TIME,
        "api_key": {"type": "string"},
        "properties": _OBJECT,
        "$set": _OBJECT,
        "$set_once": _OBJECT,
    },
}
_POSTHOG_BATCH = {
    "type": "object",
    "required": ["batch"],
    "properties": {
        "batch": {"type": "array", "items": _POSTHOG},
        "api_key": {"type": "string"},
        "sent_at": _TIME,
        "historical_migration": {"type": "boolean"},
    },
}
_ACCEPTED = {
    "type": "object",
    "required": ["accepted", "quarantined"],
    "properties": {name: {"type": "integer"} for name in ("accepted", "duplicates", "quarantined")},
}
_SUCCESS = {"type": "object", "required": ["success"], "properties": {"success": {"const": True}}}
_STATUS = {"type": "object", "required": ["status"], "properties": {"status": {"const": "Ok"}}}
_RESULTS = {"type": "object", "required": ["results"], "properties": {"results": _OBJECT}}


def _endpoint(name: str, summary: str, request: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
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
            "operationId": name,
            "summary": summary,
            "description": "Success means that the events are durable. A message that is no event goes to quarantine.",
            "requestBody": {"required": True, "content": {"application/json": {"schema": request}}},
            "responses": {
                "200": {"description": "Durable.", "content": {"application/json": {"schema": answer}}},
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
    paths = {"/api/events": _endpoint("events", "Upshot's own API.", _NATIVE, _ACCEPTED)}
    for name, call in CALLS.items():
        batch = {"type": "object", "required": ["batch"], "properties": {"batch": {"type": "array", "items": _MESSAGE}}}
        request = batch if call == "batch" else _MESSAGE
        paths[f"/v1/{name}"] = _endpoint(f"segment.{name}", f"Segment's call {call}.", request, _SUCCESS)
    for path in ("/batch/", "/capture/", "/e/", "/engage/", "/i/v0/e/", "/track/"):
        either = {"oneOf": [_POSTHOG, _POSTHOG_BATCH]}
        name = "posthog" + path.replace("/", ".").rstrip(".")
        paths[path] = _endpoint(name, "PostHog's capture API.", either, _STATUS)
    paths["/i/v1/analytics/events"] = _endpoint(
        "posthog.v1", "PostHog's versioned capture API.", _POSTHOG_BATCH, _RESULTS
    )
    return paths


COLLECT_PATHS = tuple(collect_paths())
"""The addresses that are described."""
