"""Routes for clients that send events, and for who looks after them."""

from upshot.web.area import Area
from upshot.web.collect.page import collect_page, key_add, key_revoke, quarantine_replay
from upshot.web.collect.routes import ENDPOINTS
from upshot.web.collect.start import (
    posthog_config,
    posthog_config_script,
    posthog_decide,
    posthog_flags,
    segment_settings,
)

__all__ = ["AREA"]

AREA = Area(
    routes=(
        collect_page,
        key_add,
        key_revoke,
        quarantine_replay,
        *ENDPOINTS,
        posthog_config,
        posthog_config_script,
        posthog_decide,
        posthog_flags,
        segment_settings,
    ),
)
