"""The loop's pages: objectives, launches, experiments, ledger, feedback."""

import csv
import html
import io
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
import pytest

from tests.cli.test_declare import run
from tests.web.conftest import WANTED, Served, made, serving
from tests.web.told import tell
from upshot.api.access import ACCESS_ADD, AccessAdd
from upshot.api.operation import LOCAL_OWNER
from upshot.ledger.buckets import BUCKETS
from upshot.objectives.words import chance_text

PAGES = (
    "/objectives",
    "/objectives/sell-more",
    "/ledger",
    "/ledger?show=waste&sort=cost&order=up",
    "/launches/gift-cards",
    "/launches/big-button",
    "/outputs/gift-cards",
    "/outputs/planned",
    "/outputs/idea",
    "/experiments",
    "/experiments/big-button",
    "/feedback",
    "/",
)
CHANGES = (
    ("/ledger/ship", {"title": "New checkout", "at": "2024-03-09T10:00"}),
    ("/launches/gift-cards/decide", {"choice": "keep", "why": "It sells"}),
    (
        "/objectives",
        {"title": "Fewer lost", "metric": "buyers", "target": "+5%", "starts": "2024-03-01", "due": "2024-05-01"},
    ),
)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """An open workspace with a story; tests only read it."""
    with serving(tell(tmp_path_factory.mktemp("told") / "shop")) as running:
        yield running


@pytest.fixture(scope="module")
def telling(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Another one, with the cast; tests change it, each something of its own."""
    with serving(tell(tmp_path_factory.mktemp("telling") / "shop")) as running:
        owner = running.workspace.acting_as(LOCAL_OWNER)
        for role in ("owner", "editor", "viewer"):
            running.tokens[role] = owner.call(ACCESS_ADD, AccessAdd(role, role)).token
        yield running


@pytest.mark.parametrize("path", PAGES)
def test_pages_of_the_loop_are_shown(told: Served, path: str) -> None:
    answer = told.get(path)
    assert answer.status_code == 200
    assert "Undefined" not in answer.text
    assert "<b>button</b>" not in answer.text
    assert "<i>button</i>" not in answer.text


def test_ledger_says_the_same_by_command_on_its_page_and_over_http(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tell(tmp_path / "shop")
    code, out, _ = run(capsys, folder, "ledger")
    assert code == 0
    with serving(folder) as running:
        page = running.get("/ledger").text
        with running.client() as client:
            sent = client.post("/api/ops/ledger.show", json={})
    assert sent.status_code == 200
    totals = sent.json()["totals"]
    buckets = [each for each in totals["buckets"] if each["outputs"]]
    assert len(buckets) > 1
    assert sum(each["cost"] for each in buckets) == totals["cost"]
    said = {BUCKETS[each["bucket"]]: each["percent"] for each in buckets}
    assert sum(said.values()) == 100
    shown = re.findall(r"<strong>(\d+)%</strong> ([^<]+) <span", page)
    assert {words: int(percent) for percent, words in shown} == said
    for each in buckets:
        words = BUCKETS[each["bucket"]].capitalize()
        assert re.search(rf"^{words}: {each['outputs']} outputs?, {each['percent']}% of the ", out, re.MULTILINE)


@pytest.mark.parametrize("target", ["+10%", "+30%"])
def test_objective_says_the_same_by_command_on_its_pages_and_over_http(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], target: str
) -> None:
    """Tours rise by two a week; the objective is half over."""
    folder = made(tmp_path / "shop", filled=False)
    today = datetime.now(ZoneInfo(WANTED.time_zone)).date()
    days = [today - timedelta(days=number) for number in range(140, 0, -1)]
    rows = [f"{day},{200 + 2 * (number // 7) + number % 7}" for number, day in enumerate(days)]
    (tmp_path / "tours.csv").write_text("\n".join(["date,tours", *rows]), encoding="utf-8")
    (tmp_path / "plan.yaml").write_text(
        f"objectives: [{{name: more, metric: tours, target: {target}, starts: {today - timedelta(days=50)}, "
        f"due: {today + timedelta(days=50)}}}]",
        encoding="utf-8",
    )
    assert run(capsys, folder, "import", "series", str(tmp_path / "tours.csv"))[0] == 0
    assert run(capsys, folder, "apply", str(tmp_path / "plan.yaml"))[0] == 0
    shown = run(capsys, folder, "objective", "show", "more")[1]
    listed = run(capsys, folder, "objective", "list")[1]
    with serving(folder, datetime.now) as running:
        with running.client() as client:
            found = client.post("/api/ops/objective.show", json={"name": "more"}).json()
        own, pages = (html.unescape(running.get(f"/objectives{path}").text) for path in ("/more", ""))
    status, chance = found["status"], chance_text(found["forecast"]["chance"])
    assert (status in ("on course", "ahead")) == (round(found["forecast"]["chance"], 2) >= 0.5)
    assert status == ("behind" if target == "+30%" else "ahead")
    assert shown.startswith(f"more: {status}.\n{found['sentence']}\n")
    assert all(f"the chance of the target is {chance}." in text for text in (shown, own, found["sentence"]))
    assert re.search(rf"^more +{status} .* {chance} ", listed, re.MULTILINE)
    assert all(f">{status}<" in text for text in (own, pages))


def test_objectives_chart_has_an_axis_of_time(told: Served) -> None:
    chart = re.search(r'<upshot-chart[^>]*option="([^"]*)"', told.get("/objectives/sell-more").text)
    assert chart is not None
    option = json.loads(html.unescape(chart[1]))
    assert option["xAxis"]["type"] == "time"
    path, course = option["series"]
    assert course["data"][-1]["value"][0] < path["data"][-1]["value"][0]


@pytest.mark.parametrize("path", ["/objectives", "/ledger", "/experiments", "/feedback"])
def test_pages_say_what_to_do_while_nothing_is_declared(served: Served, path: str) -> None:
    answer = served.get(path)
    assert answer.status_code == 200
    assert "upshot " in answer.text or "apply" in answer.text


def test_ledger_names_each_output_its_verdict_and_what_it_cost(told: Served) -> None:
    text = told.get("/ledger").text
    assert "Gift cards" in text
    assert "€6,000" in text
    assert "not shipped" in text
    assert "improved" in text


def test_ledger_is_saved_as_csv_with_numbers_in_full(told: Served) -> None:
    rows = {row["output"]: row for row in csv.DictReader(io.StringIO(told.get("/ledger.csv").text))}
    assert set(rows) == {"gift-cards", "big-button", "planned", "idea"}
    assert (rows["big-button"]["grade"], rows["big-button"]["verdict"]) == ("A", "improved")
    assert 0.1 < float(rows["big-button"]["effect"]) < 0.3
    assert rows["gift-cards"]["cost"] == "6000.0"


@pytest.mark.parametrize("query", ["show=nonsense", "sort=nonsense"])
def test_ledger_refuses_what_it_does_not_know(told: Served, query: str) -> None:
    answer = told.get(f"/ledger?{query}")
    assert answer.status_code == 404
    assert "nonsense" in answer.text


def test_experiment_shows_arms_effect_and_health(told: Served) -> None:
    text = told.get("/experiments/big-button").text
    assert "Sample ratio" in text
    assert "120" in text
    assert "Revenue" in text


def test_bet_that_is_not_shipped_shows_what_each_launch_could_detect(told: Served) -> None:
    text = told.get("/outputs/planned").text
    assert "Could that be measured?" in text
    assert "half and half" in text
    assert "everyone at once" in text


def test_launch_can_be_proved_again(told: Served) -> None:
    text = told.get("/launches/big-button").text
    verdict = text.split('href="/verdicts/')[1].split('"')[0]
    proof = told.get(f"/verdicts/{verdict}")
    assert proof.status_code == 200
    assert "the same to the last digit" in proof.text
    lead = proof.text.partition('class="page-lead">')[2].partition("</p>")[0]
    assert not re.search(r"\d{4}-\d\d-\d\d", lead), lead


def test_launch_is_marked_on_the_chart_of_its_report(told: Served) -> None:
    text = told.get("/launches/gift-cards").text
    chart = re.search(r'id="path-chart"[^>]*option="([^"]*)"', text)
    assert chart is not None
    option = json.loads(html.unescape(chart[1]))
    marked = [line for series in option["series"] for line in series.get("markLine", {}).get("data", ())]
    days = option["xAxis"]["data"]
    assert [(days[line["xAxis"]], line["name"], line["href"], line["label"]["formatter"]) for line in marked] == [
        ("1 Feb", "Big button", "/launches/big-button", "1"),
        ("10 Feb", "Gift cards", "", "2"),
    ]
    below = re.search(r'<ol class="marks[^>]*>(.*?)</ol>', text, re.DOTALL)
    assert below is not None
    told_below = [" ".join(re.sub(r"<[^>]*>", "", item).split()) for item in below[1].split("</li>")]
    assert told_below == ["2 10 Feb 2024 Gift cards", "1 1 Feb 2024 Big button", ""]


def test_launch_says_who_sealed_what_was_expected(told: Served) -> None:
    text = " ".join(told.get("/launches/gift-cards").text.split())
    assert "by the owner, on the machine of the workspace" in text
    assert "by local" not in text


def test_feedback_shows_the_score_and_finds_words(told: Served) -> None:
    text = told.get("/feedback?range=90d").text
    assert 'id="score">+25.0' in text
    found = told.get("/feedback?range=90d&text=gift&group=promoters").text
    assert "Lovely gift cards" in found
    assert "moves" not in found
    assert told.get("/feedback?group=fans").status_code == 404
    assert told.get("/feedback?survey=other").status_code == 404


@pytest.mark.parametrize(
    "path", ["/objectives/none", "/launches/none", "/outputs/none", "/experiments/none", "/verdicts/none"]
)
def test_pages_of_what_is_not_there_say_so(told: Served, path: str) -> None:
    assert told.get(path).status_code == 404


@pytest.mark.parametrize(("path", "form"), CHANGES)
def test_changes_are_for_those_who_may_write(telling: Served, path: str, form: dict[str, str]) -> None:
    def sent(role: str) -> httpx.Response:
        with telling.client(role) as client:
            return client.post(path, data=form)

    assert sent("outsider").status_code == 401
    assert sent("viewer").status_code == 403
    assert sent("editor").status_code == 303


def test_second_objective_of_a_title_is_refused_beside_what_was_typed(telling: Served) -> None:
    path, form = next((path, form) for path, form in CHANGES if path == "/objectives")
    second = {**form, "title": "Fewer  LOST", "owner": "Somebody else"}
    with telling.client("owner") as client:
        assert client.post(path, data={**form, "title": "Fewer lost"}).status_code == 303
        answer = client.post(path, data=second)
        untitled = client.post(path, data={**form, "title": " "})
    assert answer.status_code == untitled.status_code == 400
    assert "There is an objective named &#39;fewer-lost&#39; already." in answer.text
    assert 'value="Somebody else"' in answer.text
    assert "An objective needs a title." in untitled.text


def test_changes_show_at_once(telling: Served) -> None:
    own = [(path, {**form, "title": f"{form.get('title', '')} again", "why": "It sells"}) for path, form in CHANGES]
    with telling.client("owner") as client:
        for path, form in own:
            assert client.post(path, data=form).status_code == 303
        assert "New checkout again" in client.get("/ledger").text
        assert "It sells" in client.get("/launches/gift-cards").text
        assert "Fewer lost again" in client.get("/objectives").text
        assert client.post("/objectives/fewer-lost-again/remove").status_code == 303
        assert client.get("/objectives/fewer-lost-again").status_code == 404
        assert client.post("/objectives/fewer-lost-again/restore").status_code == 303
        assert client.get("/objectives/fewer-lost-again").status_code == 200


@pytest.mark.parametrize(
    ("path", "form", "words"),
    [
        ("/ledger/ship", {"title": "X", "at": "yesterday"}, "filled in"),
        ("/ledger/ship", {"title": "X", "at": "2024-03-09T10:00", "expects": "more users"}, "expectation"),
        (
            "/objectives",
            {"title": "X", "metric": "revenu", "target": "+5%", "starts": "2024-03-01", "due": "2024-05-01"},
            "revenue",
        ),
        ("/launches/gift-cards/decide", {"choice": "dither"}, "Did you mean &#39;iterate&#39;"),
    ],
)
def test_forms_that_are_wrong_are_refused_in_words(
    telling: Served, path: str, form: dict[str, str], words: str
) -> None:
    with telling.client("owner") as client:
        answer = client.post(path, data=form)
    assert answer.status_code in (400, 404)
    assert words in answer.text


@pytest.mark.parametrize(
    ("path", "form", "field"),
    [
        ("/ledger/ship", {"title": "X & Y", "at": "yesterday", "expects": "revenue +5% within 20d"}, "at"),
        ("/ledger/ship", {"title": "X & Y", "at": "2024-03-09T10:00", "expects": "more users"}, "expects"),
        ("/ledger/ship", {"title": "X & Y", "at": "2024-03-09T10:00", "cost_days": "many"}, "cost_days"),
        ("/ledger/ship", {"title": "X & Y", "at": "2024-03-09T10:00", "cost_days": "-3"}, "cost_days"),
        ("/ledger/ship", {"title": "X & Y", "at": "2024-03-09T10:00", "cost_days": "nan"}, "cost_days"),
        ("/ledger/ship", {"title": "X & Y", "at": "9999-12-31T23:59", "expects": "revenue +5% within 20d"}, "at"),
        ("/ledger/ship", {"title": "X & Y", "at": "0001-01-01T00:00"}, "at"),
        ("/ledger/ship", {"title": "X & Y", "at": "2024-03-09T10:00", "objective": "nosuch"}, "objective"),
        (
            "/objectives",
            {"title": "X", "metric": "revenue", "target": "+5%", "starts": "2024-03-01", "due": "9999-05-01"},
            "due",
        ),
        (
            "/objectives",
            {
                "title": "X",
                "metric": "revenue",
                "target": "+5%",
                "starts": "2024-03-01",
                "due": "2024-05-01",
                "parent": "no",
            },
            "parent",
        ),
        (
            "/objectives",
            {"title": "X & Y", "metric": "revenu", "target": "+5%", "starts": "2024-03-01", "due": "2024-05-01"},
            "metric",
        ),
    ],
)
def test_what_is_wrong_stands_at_its_field_and_nothing_typed_is_lost(
    telling: Served, path: str, form: dict[str, str], field: str
) -> None:
    with telling.client("owner") as client:
        answer = client.post(path, data=form)
    assert answer.status_code == 400
    assert re.findall(r"id=\"problem-(\w+)\"", answer.text) == [field]
    text = html.unescape(answer.text)
    opened = re.search(r"<details class=\"popover right\" id=\"(ship|new-objective)\" open>.*?</form>", text, re.DOTALL)
    assert opened is not None
    lost = [
        name
        for name, value in form.items()
        if name not in ("metric", "at", "parent", "objective") and value not in opened[0]
    ]
    assert lost == []


def test_day_of_another_century_leaves_every_page_as_it_was(telling: Served) -> None:
    far = {"title": "Far", "at": "9999-12-31T23:59", "kind": "bet"}
    with telling.client("owner") as client:
        assert client.post("/ledger/ship", data=far).status_code == 400
        assert [client.get(path).status_code for path in ("/ledger", "/", "/launches/gift-cards")] == [200, 200, 200]


def test_offset_that_is_typed_counts(telling: Served) -> None:
    form = {"title": "At noon in India", "at": "2024-03-08T12:00+05:30", "kind": "upkeep"}
    with telling.client("owner") as client:
        assert client.post("/ledger/ship", data=form).status_code == 303
        launches = client.post("/api/ops/launch.list", json={}).json()["launches"]
    (at,) = (launch["at"] for launch in launches if launch["title"] == "At noon in India")
    assert datetime.fromisoformat(at) == datetime(2024, 3, 8, 6, 30, tzinfo=UTC)


@pytest.mark.parametrize(("form", "field"), [({"choice": "dither"}, "choice"), ({"verdict": "nosuch"}, "form")])
def test_decision_that_cannot_be_kept_leaves_the_reasons_that_were_typed(
    telling: Served, form: dict[str, str], field: str
) -> None:
    with telling.client("owner") as client:
        answer = client.post("/launches/gift-cards/decide", data={"choice": "keep", "why": "Sold & <paid>", **form})
    assert answer.status_code == 400
    assert re.findall(r'id="problem-(\w+)"', answer.text) == [field]
    assert 'name="why" value="Sold & <paid>"' in html.unescape(answer.text)


def test_expectations_and_commands_stand_in_sentences_as_people_read_them(telling: Served) -> None:
    with telling.client("owner") as client:
        form = {"title": "Gifts", "at": "2024-03-09T10:00", "kind": "bet", "expects": "revenue -2% (-3..1) within 2w"}
        assert client.post("/ledger/ship", data=form).status_code == 303
        name = re.search(r"/(outputs|launches)/gifts[^\"]*", client.get("/ledger").text)
        assert name is not None
        for page in ("/ledger", name[0]):
            text = html.unescape(client.get(page).text)
            assert "−2% (−3% to 1%) within 14 days" in text, page
            assert "within 14d" not in text, page
            assert not re.search(r">[^<]*`[^<]*<", re.sub(r"<script.*?</script>", "", text, flags=re.DOTALL)), page


def test_an_output_names_what_it_belongs_to_by_title(told: Served) -> None:
    text = told.get("/outputs/gift-cards").text
    assert '<a href="/objectives/sell-more">Sell more</a>' in text
    assert '<a href="/launches/gift-cards">Gift cards</a>' in text
