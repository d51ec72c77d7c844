"""The table of events on home is ordered by arrival, and called so."""

import re
from datetime import timedelta
from pathlib import Path

from tests.web.conftest import NOW, made, serving
from upshot.api.events import EVENTS_APPEND, EventsAppend, NewEvent
from upshot.api.operation import LOCAL_OWNER


def test_event_of_long_ago_that_came_last_stands_first_and_the_heading_says_why(tmp_path: Path) -> None:
    with serving(made(tmp_path / "shop")) as served:
        late = NewEvent("found again", NOW - timedelta(days=50), "p1", "late")
        served.workspace.acting_as(LOCAL_OWNER).call(EVENTS_APPEND, EventsAppend("web", (late,)))
        for path in ("/?whole=1", "/data"):
            text = served.get(path).text
            assert "Newest events" not in text
            assert "the last events to come in, whenever they happened" in text
            (table,) = re.findall(r"Latest arrivals</h2>.*?</table>", text, flags=re.DOTALL)
            assert table.index("found again") < table.index("purchase")
