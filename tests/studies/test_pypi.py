"""Releases of two packages against their daily downloads: most cannot be told apart, and that is said."""

import csv
import gzip
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from upshot.catalog.kinds import Launch, Study
from upshot.catalog.verdict import Grade, MetricRole, Verdict, VerdictWord
from upshot.studies.conclude import conclude
from upshot.studies.inputs import DailySeries, MetricInput, OtherLaunch, StudyInputs, seed_of

pytestmark = [pytest.mark.real_data, pytest.mark.slow]

DAYS = 28
METRIC = MetricInput(
    name="downloads",
    title="Downloads",
    hash="x",
    hash_then="x",
    role=MetricRole.PRIMARY,
    direction="up",
    format="count",
    additive=True,
)


def downloads(folder: Path, package: str) -> DailySeries:
    with gzip.open(folder / "pypi_daily_downloads.csv.gz", "rt", encoding="utf-8") as lines:
        found = {
            date.fromisoformat(row["date"]): float(row["downloads"])
            for row in csv.DictReader(lines)
            if row["package"] == package
        }
    first, last = min(found), max(found)
    days = [first + timedelta(days=i) for i in range((last - first).days + 1)]
    return DailySeries(metric="downloads", first_day=first, values=tuple(found.get(day) for day in days))


def releases(folder: Path, package: str, daily: DailySeries) -> list[tuple[str, datetime]]:
    """Releases that people get (no alphas and betas) with half a year of downloads before them."""
    with (folder / "releases.csv").open(encoding="utf-8") as lines:
        rows = [
            (row["tag"], datetime.fromisoformat(row["tagged_at"]).astimezone(UTC))
            for row in csv.DictReader(lines)
            if row["package"] == package
        ]
    final = [(tag, at) for tag, at in rows if not any(letter in tag for letter in "abc")]
    begin, end = daily.first_day + timedelta(days=180), daily.last_day - timedelta(days=DAYS)
    return sorted((each for each in final if begin <= each[1].date() <= end), key=lambda each: each[1])


def verdicts(
    daily: DailySeries, shipped: list[tuple[str, datetime]], asked: list[tuple[str, datetime]]
) -> Iterator[Verdict]:
    for tag, at in asked:
        day = at.date()
        reading = day + timedelta(days=DAYS)
        begin = max(0, (day - daily.first_day).days - 400)
        end = (reading - daily.first_day).days + 1
        first = daily.first_day + timedelta(days=begin)
        yield conclude(
            StudyInputs(
                launch=Launch(name=tag, at=at),
                launch_day=day,
                study=Study(name=tag, launch=tag, primary="downloads", readings=(reading,)),
                declared=False,
                reading=reading,
                seed=seed_of(tag, reading),
                metrics=(METRIC,),
                series=(DailySeries(metric="downloads", first_day=first, values=daily.values[begin:end]),),
                others=tuple(
                    OtherLaunch(name=name, title=name, changes=(other.date(),), quiet=False)
                    for name, other in shipped
                    if name != tag and first <= other.date() <= reading
                ),
            )
        )


@pytest.mark.parametrize(
    ("package", "first", "last"),
    [
        ("datasette", 2022, 2023),
        pytest.param("datasette", 2020, 2026, marks=pytest.mark.study),
        pytest.param("sqlite-utils", 2020, 2026, marks=pytest.mark.study),
    ],
)
def test_most_releases_are_refused_or_leave_nothing_that_can_be_told_from_zero(
    data_dir: Path, package: str, first: int, last: int
) -> None:
    folder = data_dir / "pypi_downloads_and_releases"
    daily = downloads(folder, package)
    shipped = releases(folder, package, daily)
    found = list(verdicts(daily, shipped, [each for each in shipped if first <= each[1].year <= last]))
    words = Counter(verdict.word for verdict in found)
    refused = [verdict for verdict in found if verdict.word is VerdictWord.NOT_MEASURABLE]
    neighbours = [verdict for verdict in refused if "cannot be told apart" in verdict.sentence]
    vague = words[VerdictWord.INCONCLUSIVE] + words[VerdictWord.TRANSIENT] + words[VerdictWord.NO_EFFECT]
    assert len(found) >= 12
    assert len(refused) >= 0.4 * len(found)
    assert len(neighbours) > 0.9 * len(refused)
    # of what is measured, one in twenty may raise a false alarm
    assert len(found) - len(refused) - vague <= max(1, 0.1 * len(found))
    assert {verdict.grade for verdict in found} <= {Grade.C, Grade.D, Grade.U}
    for verdict in found:
        if verdict.grade is Grade.C:
            (placebos,) = [check for check in verdict.checks if check.name == "placebos in time"]
            assert "raised a false alarm" in placebos.sentence
