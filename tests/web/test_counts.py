"""What is counted agrees with its number wherever people read it: 1 output, 2 outputs; one function for both."""

import html
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

import upshot
from tests.web.conftest import NOW, Served, made, serving
from tests.web.test_one_truth import pages_of
from tests.web.told import tell
from upshot.api.declarations import DECLARATIONS_APPLY, DeclarationFile, DeclarationsApply
from upshot.api.events import EVENTS_APPEND, EventsAppend, NewEvent
from upshot.api.feedback import ANSWERS_ADD, AnswersAdd, NewAnswer
from upshot.api.metrics import METRIC_APPLY, MetricApply
from upshot.api.operation import LOCAL_OWNER
from upshot.core.settings import load_settings
from upshot.workspace.local import LocalWorkspace

_SILENT = re.compile(r"<(script|style|pre|code|textarea|svg)\b.*?</\1>|<!--.*?-->", re.DOTALL)
_SINGULAR = ("is", "has", "was", "does", "this", "its", "across", "less", "press", "access", "as", "analysis", "needs")
_WRONG = re.compile(rf"(?<![\d.,:/–−+\-%])\b1 (?:more |other |new )?(?!(?:{'|'.join(_SINGULAR)})\b)[a-z]{{2,}}s\b")
_OWN = re.compile(r"""['"][a-z ]*['"] if [^'"]*(?:==|!=|>) 1 else f?['"]|['"]s['"] \*""")
"""Two words of which the number one chooses, or a bare s."""
_ONE = """
metrics:
  - {name: revenue, title: Revenue, type: sum, event: purchase, value: amount, format: money}
"""
_DECLARED = """
teams:
  - {name: shop, title: Shop, cost_a_day: 500}
outcomes:
  - {name: revenue, owner: shop, team: shop, worth: 1}
objectives:
  - {name: sell-more, title: Sell more, metric: revenue, target: +20%, starts: 2024-03-01, due: 2024-06-30, owner: shop}
  - name: sell-more-here
    title: Sell more here
    metric: revenue
    target: +20%
    starts: 2024-03-01
    due: 2024-06-30
    owner: shop
    parent: sell-more
outputs:
  - name: gift-cards
    title: Gift cards
    team: shop
    objective: sell-more
    cost: {days: 1}
    expects: ["revenue +10% (4%..16%) within 1d"]
launches:
  - name: gift-cards
    title: Gift cards
    at: 2024-03-05T09:00:00+01:00
    outputs: [gift-cards]
dashboards:
  - name: one
    title: One
    tiles: [{title: Mind, type: text, text: Mind this, x: 0, y: 0, width: 6, height: 2}]
"""


def lonely(place: Path) -> Path:
    """A workspace with one of everything: one event on one day, one answer, one output of one day's work."""
    made(place, filled=False)
    with LocalWorkspace.open(place, load_settings(place, {}), clock=lambda: NOW) as workspace:
        owner = workspace.acting_as(LOCAL_OWNER)
        properties = msgspec.Raw(b'{"amount": 10.0}')
        event = NewEvent("purchase", NOW.replace(day=4), "p0", "0", properties=properties)
        owner.call(EVENTS_APPEND, EventsAppend("web", (event,)))
        assert owner.call(METRIC_APPLY, MetricApply(_ONE)).problems == ()
        applied = owner.call(DECLARATIONS_APPLY, DeclarationsApply((DeclarationFile("shop.yaml", _DECLARED),)))
        assert not applied.refused, applied.problems
        answer = NewAnswer(survey="nps", at=NOW.replace(day=4), score=9, comment="Good", id="1")
        owner.call(ANSWERS_ADD, AnswersAdd("app", (answer,)))
    return place


@pytest.fixture(scope="module", params=["lonely", "told"])
def peopled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    place = tmp_path_factory.mktemp(request.param) / "shop"
    with serving((lonely if request.param == "lonely" else tell)(place)) as running:
        yield running


def wrong(text: str) -> list[str]:
    """Where one of something is said as several: ``1 outputs``."""
    words = " ".join(html.unescape(re.sub(r"<[^>]+>", " ", _SILENT.sub(" ", text))).split())
    return _WRONG.findall(re.sub(r"\s+", " ", words))


def test_no_page_says_one_of_several(peopled: Served) -> None:
    found = {path: said for path, text in pages_of(peopled) if (said := wrong(text))}
    assert found == {}


@pytest.mark.parametrize("text", ["<b>1</b> outputs", "of 1 other changes", "1 more metrics", "on 1 days: 3"])
def test_one_of_several_is_found(text: str) -> None:
    assert wrong(text)


@pytest.mark.parametrize("text", ["1 output", "21 days", "1.1 days", "1,001 events", "Version 1 has", "1 is left"])
def test_what_agrees_is_not_found(text: str) -> None:
    assert not wrong(text)


def test_no_other_place_forms_a_plural() -> None:
    """Which word stands beside one and which beside several is decided in `core/units.py` alone."""
    root = Path(upshot.__file__).parent
    files = [path for kind in ("*.py", "*.html") for path in root.rglob(kind) if path.name != "units.py"]
    found = {
        f"{path.relative_to(root)}: {line.strip()}"
        for path in files
        for line in path.read_text(encoding="utf-8").splitlines()
        if _OWN.search(line)
    }
    assert found == set()


def test_no_script_forms_a_plural() -> None:
    """Scripts show what the server has counted: a plural of theirs would be no message either."""
    sources = Path(upshot.__file__).parents[2] / "frontend" / "src"
    found = {
        f"{path.relative_to(sources)}: {line.strip()}"
        for path in sources.rglob("*.ts")
        for line in path.read_text(encoding="utf-8").splitlines()
        if re.search(r"""[=!]== ?1 \?|> 1 \? ["'`]|\? ["'`]s["'`]""", line)
    }
    assert found == set()
