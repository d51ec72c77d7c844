"""What clients ask for when they start: which of their features they should use.

Those that Upshot does not serve are answered with off, so that no client waits for them or sends what is not kept.
"""

from typing import Any

import msgspec
from litestar import HttpMethod, MediaType, Request, Response, route
from litestar.datastructures import State
from litestar.params import FromPath

from upshot.web.permit import Open

__all__ = ["posthog_config", "posthog_config_script", "posthog_decide", "posthog_flags", "segment_settings"]

_READ = [HttpMethod.GET, HttpMethod.OPTIONS]
_POST = [HttpMethod.POST, HttpMethod.OPTIONS]
_AnyRequest = Request[None, None, State]
_CONFIG = {
    "supportedCompression": ["gzip", "gzip-js", "base64"],
    "hasFeatureFlags": True,
    "captureDeadClicks": False,
    "capturePerformance": False,
    "autocapture_opt_out": False,
    "autocaptureExceptions": False,
    "analytics": {"endpoint": "/i/v0/e/"},
    "elementsChainAsString": True,
    "errorTracking": {"autocaptureExceptions": False, "suppressionRules": []},
    "sessionRecording": False,
    "heatmaps": False,
    "conversations": False,
    "logs": {"captureConsoleLogs": False},
    "surveys": False,
    "productTours": False,
    "defaultIdentifiedOnly": False,
    "siteApps": [],
}
_NO_FLAGS = {
    "flags": {},
    "featureFlags": {},
    "featureFlagPayloads": {},
    "errorsWhileComputingFlags": False,
    "config": {"enable_collect_everything": True},
    "sessionRecording": False,
    "supportedCompression": ["gzip", "gzip-js", "base64"],
    "siteApps": [],
}
_SEGMENT = {
    "plan": {"track": {"__default": {"enabled": True, "integrations": {}}}},
    "edgeFunction": {},
    "analyticsNextEnabled": True,
    "enabledMiddleware": {},
    "remotePlugins": [],
    # else it tells Segment how well it works
    "metrics": {"sampleRate": 0},
}
_SEGMENT_SENDS = {"addBundledMetadata": True, "versionSettings": {"componentTypes": ["browser"]}}


@route("/flags", http_method=_POST, permission=Open.WRITE_KEY)
async def posthog_flags(request: _AnyRequest) -> Response[bytes]:
    """PostHog's flags, in the shapes of all its versions."""
    return _shared(request, _NO_FLAGS)


@route("/decide", http_method=_POST, permission=Open.WRITE_KEY)
async def posthog_decide(request: _AnyRequest) -> Response[bytes]:
    """The same, as clients asked before there was ``/flags``."""
    return _shared(request, _NO_FLAGS)


@route("/array/{token:str}/config", http_method=_READ, permission=Open.WRITE_KEY)
async def posthog_config(request: _AnyRequest, token: FromPath[str]) -> Response[bytes]:
    """What PostHog's browser client should do."""
    return _shared(request, {"token": token, **_CONFIG})


@route("/array/{token:str}/config.js", http_method=_READ, permission=Open.WRITE_KEY)
async def posthog_config_script(request: _AnyRequest, token: FromPath[str]) -> Response[bytes]:
    """The same, as the script that it asks for first."""
    name = msgspec.json.encode(token).decode().replace("<", "\\u003c")
    config = msgspec.json.encode({"token": token, **_CONFIG}).decode().replace("<", "\\u003c")
    script = (
        "(function(){window._POSTHOG_REMOTE_CONFIG=window._POSTHOG_REMOTE_CONFIG||{};"
        f"window._POSTHOG_REMOTE_CONFIG[{name}]={{config:{config},siteApps:[]}};}})();"
    )
    return _shared(request, script.encode(), "text/javascript")


@route("/v1/projects/{key:str}/settings", http_method=_READ, permission=Open.WRITE_KEY)
async def segment_settings(request: _AnyRequest, key: FromPath[str]) -> Response[bytes]:
    """What Segment's browser client should do: send everything here."""
    here = {"apiKey": key, "apiHost": f"{request.headers.get('host', '')}/v1", "protocol": request.url.scheme}
    return _shared(request, {**_SEGMENT, "integrations": {"Segment.io": {**_SEGMENT_SENDS, **here}}})


# an answer is an open tree of JSON, or the text of a script
def _shared(request: _AnyRequest, content: Any, media_type: str = MediaType.JSON) -> Response[bytes]:
    body = content if isinstance(content, bytes) else msgspec.json.encode(content)
    preflight = request.method == HttpMethod.OPTIONS
    headers = {"Cache-Control": "no-store", "Cross-Origin-Resource-Policy": "cross-origin"}
    if origin := request.headers.get("origin"):
        headers |= {"Access-Control-Allow-Origin": origin, "Access-Control-Allow-Credentials": "true", "Vary": "Origin"}
        if preflight:
            asked = request.headers.get("access-control-request-headers", "")
            headers |= {"Access-Control-Allow-Methods": "GET, POST, OPTIONS", "Access-Control-Allow-Headers": asked}
    return Response(
        b"" if preflight else body, status_code=204 if preflight else 200, media_type=media_type, headers=headers
    )
