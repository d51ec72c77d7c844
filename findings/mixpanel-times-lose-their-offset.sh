#!/bin/bash
# mixpanel 5.4.1, a property that is a datetime with a zone. One would expect the instant to be kept: as UTC, or with the
# offset written. The clock's reading is sent and the offset is left out, so that one instant, told by two machines in two
# zones, becomes two times that nothing can bring together again. The event's own time is right; only properties lose it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3.11}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check mixpanel==5.4.1
"$folder/venv/bin/python" - <<'PY'
import json
from datetime import UTC, datetime, timedelta, timezone
from importlib.metadata import version

from mixpanel import Mixpanel


class Kept:
    """A consumer that keeps what would be sent."""

    def __init__(self):
        self.sent = []

    def send(self, endpoint, message, *args, **kwargs):
        self.sent.append(json.loads(message))


kept = Kept()
tokyo = datetime(2026, 3, 1, 0, 30, tzinfo=timezone(timedelta(hours=9)))
utc = tokyo.astimezone(UTC)
assert tokyo == utc
Mixpanel("token", consumer=kept).track("user", "order", {"tokyo": tokyo, "utc": utc})
sent = kept.sent[0]["properties"]
print("mixpanel", version("mixpanel"), "one instant twice:", sent["tokyo"], "and", sent["utc"])
assert sent["tokyo"] == "2026-03-01T00:30:00" and sent["utc"] == "2026-02-28T15:30:00", sent
PY
