#!/bin/bash
# amplitude-analytics 1.3.0, an event with one property of a kind that JSON does not know (a Decimal, a date, a tuple). One
# would expect an error, or that this property is left out. All properties of the event are left out, those that are plain
# text too, and the event is sent without them; what tells of it is a line in the log. A price that is a whole number is
# of the wrong kind too: such a revenue is not valid, and 10.0 is.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3.11}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check amplitude-analytics==1.3.0
"$folder/venv/bin/python" - <<'PY'
from datetime import date
from decimal import Decimal
from importlib.metadata import version

from amplitude import BaseEvent, Revenue

print("amplitude-analytics", version("amplitude-analytics"))
for odd in ("9.99", Decimal("9.99"), date(2026, 1, 1), ("a", "b")):
    sent = BaseEvent("order", user_id="user-1", event_properties={"plan": "pro", "odd": odd}).get_event_body()
    print(f"plan and {odd!r}: sends {sent.get('event_properties')}")
    assert ("event_properties" in sent) == isinstance(odd, str), sent
for price in (10, 10.0):
    valid = Revenue(price=price, quantity=2).is_valid()
    print(f"a revenue of price {price!r}: valid {valid}")
    assert valid == isinstance(price, float)
PY
