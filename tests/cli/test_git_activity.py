"""2.2 million real rows in one import; what the commands say equals SQL that was written by hand over the file."""

from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pytest

from upshot.cli.app import main

pytestmark = [pytest.mark.real_data, pytest.mark.slow]

ROWS = 2_246_126
YEARS = (date(2013, 1, 1), date(2026, 12, 31))


class Work:
    """The workspace, by commands, and the file, by SQL."""

    def __init__(self, folder: Path, file: Path) -> None:
        self.folder = folder
        self._connection = duckdb.connect()
        self._connection.execute("SET TimeZone = 'UTC'")
        self._connection.execute(
            f"""
            CREATE VIEW log AS SELECT author::VARCHAR AS author, "at" AS instant, "at"::DATE AS day
            FROM read_parquet('{file}')
            """
        )

    # JSON of any shape
    def ask(self, capsys: pytest.CaptureFixture[str], *words: str) -> Any:
        capsys.readouterr()
        code = main([*words, "--json", "--workspace", str(self.folder)])
        caught = capsys.readouterr()
        assert (code, caught.err) == (0, "")
        return msgspec.json.decode(caught.out)

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        return self._connection.execute(statement).fetchall()


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory, data_dir: Path) -> Work:
    folder = tmp_path_factory.mktemp("git") / "work"
    file = data_dir / "git_activity" / "file_changes.parquet"
    options = ("--timestamp", "at", "--distinct-id", "author", "--event", "change", "--workspace", str(folder))
    assert main(["init", str(folder)]) == 0
    assert main(["import", "events", str(file), *options]) == 0
    return Work(folder, file)


def days(window: tuple[date, date]) -> tuple[str, ...]:
    return ("--from", str(window[0]), "--to", str(window[1]))


def test_git_every_row_is_an_event_or_a_reject(work: Work, capsys: pytest.CaptureFixture[str]) -> None:
    (event,) = work.ask(capsys, "data", "events")["events"]
    rejected = work.ask(capsys, "data", "rejects")["total"]
    ((odd, authors),) = work.sql(
        """
        SELECT count(*) FILTER (instant IS NULL OR instant < '1900-01-01' OR instant >= '2200-01-01'),
            count(DISTINCT author) FROM log
        """
    )
    assert (event["count"], rejected) == (ROWS - odd, odd)
    assert event["units"] == authors


@pytest.mark.parametrize("grain", ["day", "week", "month"])
def test_git_active_authors_equal_sql(work: Work, capsys: pytest.CaptureFixture[str], grain: str) -> None:
    answer = work.ask(capsys, "metric", "query", "active_persons", *days(YEARS), "--by", grain)
    expected = work.sql(
        f"""
        SELECT date_trunc('{grain}', day)::DATE, count(DISTINCT author) FROM log
        WHERE day BETWEEN DATE '{YEARS[0]}' AND DATE '{YEARS[1]}' GROUP BY 1 ORDER BY 1
        """
    )
    found = [(date.fromisoformat(p["period"]), p["value"]) for p in answer["points"] if p["value"]]
    assert found == expected
    assert answer["route"] == "facts"


def test_git_authors_of_28_days_equal_sql(work: Work, capsys: pytest.CaptureFixture[str]) -> None:
    window = (date(2019, 1, 1), date(2019, 3, 31))
    answer = work.ask(capsys, "metric", "query", "active_persons_28d", *days(window))
    expected = work.sql(
        f"""
        SELECT d::DATE, count(DISTINCT author)
        FROM range(DATE '{window[0]}', DATE '{window[1]}' + 1, INTERVAL 1 DAY) t(d)
        JOIN log ON log.day BETWEEN d::DATE - 27 AND d::DATE GROUP BY 1 ORDER BY 1
        """
    )
    assert [(date.fromisoformat(p["period"]), p["value"]) for p in answer["points"]] == expected


def test_git_cohorts_equal_sql(work: Work, capsys: pytest.CaptureFixture[str]) -> None:
    window = (date(2018, 1, 1), date(2018, 12, 31))
    grid = work.ask(capsys, "metric", "retention", *days(window), "--by", "month", "--periods", "6")
    expected = work.sql(
        f"""
        WITH firsts AS (SELECT author, date_trunc('month', min(day))::DATE AS cohort FROM log GROUP BY 1),
        active AS (SELECT DISTINCT author, date_trunc('month', day)::DATE AS month FROM log WHERE day <= '{window[1]}')
        SELECT cohort, date_diff('month', cohort, month) AS k, count(*) FROM firsts JOIN active USING (author)
        WHERE cohort BETWEEN DATE '{window[0]}' AND DATE '{window[1]}' AND k <= 6 GROUP BY 1, 2 ORDER BY 1, 2
        """
    )
    found = [(date.fromisoformat(c["cohort"]), c["offset"], c["units"]) for c in grid["cells"] if c["units"]]
    assert found == expected
    assert grid["cut_off_left"] == []
