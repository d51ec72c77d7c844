from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow.parquet as pq
import pytest

from upshot.demo.tempo.events import EVENTS, log_of
from upshot.demo.tempo.life import History
from upshot.demo.tempo.write import ZONE, months, table_of, write_months


def test_table_keeps_every_event_on_its_local_day_also_when_clocks_change(real: History) -> None:
    world = real.world
    for number in range(world.days - 110, world.days):
        (rows,) = log_of(real, [number])
        local = [
            at.replace(tzinfo=ZoneInfo("UTC")).astimezone(ZoneInfo(ZONE))
            for at in table_of(real, rows)["at"].to_pylist()
        ]
        assert {at.date() for at in local} == {world.day(number)}


def test_months_cover_every_day_once(real: History) -> None:
    assert [day for month in months(real) for day in month] == list(range(real.world.days))


@pytest.fixture(scope="module")
def files(real: History, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("tempo")
    every = months(real)
    recent = list(write_months(real, folder, every[-4:]))
    return [f.path for f in [*write_months(real, folder, every[:-4]), *recent]]


def test_files_hold_all_that_was_logged_and_some_of_it_twice(real: History, files: list[Path]) -> None:
    written = [row for path in files for row in pq.read_table(path, columns=["id"])["id"].to_pylist()]
    people = [ident for ident in written if "-bot-" not in ident]
    logged = sum(len(rows) for rows in log_of(real))
    assert len(set(people)) == logged
    assert len(people) > logged


def test_some_rows_arrive_after_their_month(real: History, files: list[Path]) -> None:
    table = pq.read_table(files[6], columns=["at"])
    first = real.world.day(months(real)[6][0])
    early = [at for at in table["at"].to_pylist() if at.date() < first - timedelta(days=1)]
    assert early


def test_columns_are_null_where_they_do_not_apply(files: list[Path]) -> None:
    table = pq.read_table(files[-1]).to_pandas()
    assert table.loc[table["event"] == "payment", "amount"].gt(0).all()
    assert table.loc[table["event"] == "app opened", ["amount", "minutes", "score"]].isna().all().all()
    assert table.loc[table["event"] == "survey answered", "score"].between(0, 10).all()
    assert set(table["event"]) <= set(EVENTS)
    assert np.isin(table.loc[table["agent"].notna(), "event"], ["page viewed"]).all()
