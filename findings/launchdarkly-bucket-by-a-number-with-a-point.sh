#!/bin/bash
# launchdarkly-server-sdk 9.20.0, a rollout by an attribute that is a number. One would expect 12345 and 12345.0, which
# are one number in JSON, to fall into one bucket. Whole numbers are spread like text; numbers that Python holds as float
# all fall into the first bucket, so that everybody gets the first variation. A column of ids with one gap in it is float
# in pandas: an experiment by account that is fed from such a frame has one arm, and no error.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3.11}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check launchdarkly-server-sdk==9.20.0
"$folder/venv/bin/python" - "$folder/flags.json" <<'PY'
import json
import logging
import sys
from collections import Counter
from importlib.metadata import version
from pathlib import Path

from ldclient import Config, Context, LDClient
from ldclient.integrations import Files

rollout = {
    "kind": "rollout",
    "contextKind": "user",
    "bucketBy": "account",
    "variations": [{"variation": number, "weight": 25_000} for number in range(4)],
}
flag = {
    "key": "flag",
    "on": True,
    "version": 1,
    "salt": "salt",
    "variations": ["a", "b", "c", "d"],
    "offVariation": 0,
    "prerequisites": [],
    "targets": [],
    "rules": [],
    "fallthrough": {"rollout": rollout},
}
file = Path(sys.argv[1])
file.write_text(json.dumps({"flags": {"flag": flag}}))
logging.disable()
client = LDClient(Config("sdk", update_processor_class=Files.new_data_source(paths=[str(file)]), send_events=False))
print("launchdarkly-server-sdk", version("launchdarkly-server-sdk"))
shares = {}
for kind in (str, int, float):
    contexts = (Context.builder(f"user-{account}").set("account", kind(account)).build() for account in range(2_000))
    shares[kind] = Counter(client.variation("flag", context, None) for context in contexts)
    print(f"2,000 accounts as {kind.__name__}: {dict(sorted(shares[kind].items()))}")
client.close()
assert shares[int] == shares[str] and min(shares[int].values()) > 400, shares
assert shares[float] == {"a": 2_000}, shares
PY
