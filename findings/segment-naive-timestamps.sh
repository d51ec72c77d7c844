#!/bin/bash
# segment-analytics-python 2.4.0, track(timestamp=…) with a time that names no zone. One would expect one rule for all of
# them: UTC, or the machine's zone. The rule depends on how long ago the time is: within the last five seconds it is taken
# in the machine's zone, older ones in UTC. In New York datetime.now() arrives right, and a time read from the same clock
# ten seconds earlier arrives hours before it: a queue that is emptied late moves its events by the zone's offset.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3.11}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check segment-analytics-python==2.4.0
TZ=America/New_York "$folder/venv/bin/python" - <<'PY'
from datetime import datetime, timedelta
from importlib.metadata import version

from segment.analytics.client import Client

client = Client("key", send=False)
print("segment-analytics-python", version("segment-analytics-python"), "in", datetime.now().astimezone().tzname())
zones = {}
for seconds in (1, 10, 3_600):
    when = datetime.now() - timedelta(seconds=seconds)
    _, message = client.track("user", "order", timestamp=when)
    sent = datetime.fromisoformat(message["timestamp"])
    zones[seconds] = sent.utcoffset()
    off = (sent - when.astimezone()).total_seconds() / 3_600
    print(f"{seconds:>5} seconds ago, no zone: sent with offset {sent:%z}, {off:+.1f} h from when it was")
assert zones[1] != timedelta(0) and zones[10] == zones[3_600] == timedelta(0), zones
PY
