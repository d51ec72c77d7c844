"""No two pages say different things of one question: all of them are walked, and what they say is put side by side."""

import html
import re
from collections import defaultdict
from collections.abc import Iterator
from urllib.parse import unquote

import pytest

from tests.web.conftest import Served, serving
from tests.web.nasty import spoil
from tests.web.told import tell

_MOST_PAGES = 400
_ADDRESS = re.compile(r'href="(/[^"#]*)')
_NO_PAGES = re.compile(
    r"\.(csv|svg|png|pdf|json|parquet|arrow|xlsx|css|js|woff2)\b|^/(static|api|sign-out|live)|/removed?$"
)
_NUMBER = r'<span class="metric-number[^"]*"[^>]*>([^<]*)</span>'
_PILL = r'<span class="pill [^"]*">([^<]*)</span>'


class Said:
    """What pages say: by question, each answer with the pages that give it."""

    def __init__(self) -> None:
        self.answers: defaultdict[tuple[str, str], defaultdict[str, set[str]]] = defaultdict(lambda: defaultdict(set))

    def take(self, page: str, question: str, of: str, answer: str) -> None:
        self.answers[question, unquote(of)][" ".join(html.unescape(answer).split())].add(page)

    @property
    def contradictions(self) -> dict[tuple[str, str], dict[str, set[str]]]:
        return {question: dict(found) for question, found in self.answers.items() if len(found) > 1}

    def asked_of(self, question: str) -> int:
        """The most pages that any one thing is told on."""
        told = (sum(map(len, found.values())) for (asked, _), found in self.answers.items() if asked == question)
        return max(told, default=0)


def read(path: str, text: str, said: Said) -> None:
    """Put down what the page at ``path`` says of metrics, launches and objectives."""
    for name, card in re.findall(r'id="card-([^"]+)" href="[^"]*">(.*?)</a>', text, re.DOTALL):
        if value := re.search(_NUMBER, card):
            said.take(path, "value", name, whole(value[1]))
    if (own := re.fullmatch(r"/metrics/([^/?]+)", path)) and (value := re.search(r'id="total">([^<]*)<', text)):
        said.take(path, "value", own[1], whole(value[1]))
    for name, row in re.findall(r'<a href="/launches/([^"/#]+)">(.*?)</(?:li|tr)>', text, re.DOTALL):
        launch(path, name, row, said)
    if own := re.fullmatch(r"/launches/([^/?]+)", path):
        head = text.partition('class="page-title"')[2].partition('id="path-title"')[0]
        launch(path, own[1], head, said)
    for name, row in re.findall(r'<a href="/objectives/([^"/]+)">(.*?)</tr>', text, re.DOTALL):
        objective(path, name, row, r'data-label="{}">([^<]*)<', said)
    if own := re.fullmatch(r"/objectives/([^/?]+)", path):
        page = text.partition('class="page-title"')[2].partition("<table")[0]
        objective(path, own[1], page, rf"<dt>{{}}</dt><dd>{_NUMBER}", said)


def whole(value: str) -> str:
    """A value without its cents: cards leave them out of large amounts."""
    return re.sub(r"(\d,\d{3})\.\d\d$", r"\1", value) if re.match(r"−?[€$£]", value) else value


def launch(page: str, name: str, text: str, said: Said) -> None:
    if word := re.search(r'<span class="pill verdict [^"]*">([^<]*)</span>', text):
        said.take(page, "verdict", name, word[1])
    if grade := re.search(r'<span class="grade grade-(\w)"', text):
        said.take(page, "grade", name, grade[1])
    effects = re.search(r"[+−][\d.,]+% \(([^)]*to[^)]*)\)", re.sub(r"\(\d+%: ", "(", text))
    if effects and 'class="expected"' not in text:
        said.take(page, "interval", name, effects[1])


def objective(page: str, name: str, text: str, cell: str, said: Said) -> None:
    if status := re.search(_PILL, text):
        said.take(page, "status", name, status[1])
    for part in ("Now", "Target"):
        if value := re.search(cell.format(part), text):
            said.take(page, part.lower(), name, value[1])


def pages_of(served: Served, token: str = "") -> Iterator[tuple[str, str]]:
    """Every page that links lead to, from home on, with its text; of addresses that only narrow or sort, none."""
    seen, waiting = {"/"}, ["/"]
    with served.client(token) as client:
        while waiting:
            path = waiting.pop(0)
            answer = client.get(path, follow_redirects=True)
            assert answer.status_code in (200, 400, 404), (path, answer.status_code)
            yield path, answer.text
            for found in _ADDRESS.findall(answer.text):
                plain = html.unescape(found).partition("?")[0]
                if plain not in seen and not _NO_PAGES.search(plain) and len(seen) < _MOST_PAGES:
                    seen.add(plain)
                    waiting.append(plain)


def walk(served: Served, token: str = "") -> tuple[Said, int]:
    """What all pages say, and how many they are."""
    said, pages = Said(), 0
    for path, text in pages_of(served, token):
        read(path, text, said)
        pages += 1
    return said, pages


@pytest.fixture(scope="module", params=["told", "nasty"])
def walked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Said, int]]:
    place = tmp_path_factory.mktemp(request.param) / "shop"
    with serving((tell if request.param == "told" else spoil)(place)) as running:
        yield walk(running)


def test_no_two_pages_say_different_things_of_one_question(walked: tuple[Said, int]) -> None:
    said, pages = walked
    assert pages > 20
    assert said.contradictions == {}


@pytest.mark.parametrize("question", ["value", "verdict", "status", "now", "target"])
def test_each_question_is_answered_on_more_than_one_page(walked: tuple[Said, int], question: str) -> None:
    said, _ = walked
    assert said.asked_of(question) > 1


def test_a_contradiction_is_found() -> None:
    said = Said()
    read("/", '<a id="card-sales" href="/metrics/sales"><span class="metric-number">€1,234</span></a>', said)
    read("/metrics/sales", '<span class="metric-number" id="total">€1,234.56</span>', said)
    assert said.contradictions == {}
    read("/metrics/sales", '<span class="metric-number" id="total">€1,235.10</span>', said)
    assert said.contradictions == {
        ("value", "sales"): {"€1,234": {"/", "/metrics/sales"}, "€1,235": {"/metrics/sales"}}
    }
