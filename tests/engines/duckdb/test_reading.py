# ruff: noqa: DTZ001 - instants of the stores are UTC without offset
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest

from tests.engines.duckdb.cases import event, loaded, stream
from upshot.core.time import DayRange
from upshot.engines.duckdb import DuckDBStore
from upshot.engines.values import EventRecord
from upshot.metrics.compile import SeriesQuery, compile_series
from upshot.metrics.definition import Field, Filter, Metric, Selection
from upshot.metrics.filters import parse_field, parse_filter
from upshot.metrics.kinds import MetricType
from upshot.metrics.measures import measure_tables
from upshot.metrics.parse import parse_metrics

NOON = datetime(2026, 1, 1, 12)
DAYS = DayRange(date(2026, 1, 1), date(2026, 1, 5))
TWINS = {"Net": 6, "net": 6}
ONE = {"Net": 6}
VALUES = (10, "20", "x", True, None, 2.5, 5.0, 1e20, [1, {"a": 2}], {"a": 1}, "{", "", -0.0, 1e-7)
METRICS = {
    metric.name: metric
    for metric in parse_metrics(
        """
- {name: revenue, type: sum, event: done, value: price}
- {name: mean, type: mean, event: done, value: price * 2}
- {name: dear, type: count, event: done, where: price > 5}
- {name: exact, type: count, event: done, where: price = 10}
- {name: texts, type: count, event: done, where: price contains Net}
- {name: kinds, type: distinct, event: done, value: price}
- {name: known, type: active, event: done, where: price is not null}
- {name: back, type: retention, event: done, where: price > 1, period: day}
"""
    ).metrics
}


def _events(values: Sequence[object], first: int = 0) -> list[EventRecord]:
    return [
        event(first + n, f"u{n}", NOON + timedelta(hours=first + n), name="done", price=value)
        for n, value in enumerate(values)
    ]


def _with(texts: Sequence[str]) -> list[tuple[EventRecord, str]]:
    return list(zip(_events(texts), texts, strict=True))


def _append(store: DuckDBStore, batch: list[EventRecord]) -> None:
    store.append(batch)


def _load(store: DuckDBStore, batch: list[EventRecord]) -> None:
    loaded(store, batch)


def _read(store: DuckDBStore) -> dict[int, tuple[float | None, str | None]]:
    dialect = store.dialect()
    events = dialect.events()
    wanted = events.select(
        events.client_id, n=dialect.property_number(events, "price"), t=dialect.property_text(events, "price")
    )
    return {int(row[0]): (row[1], row[2]) for row in store.run(wanted).rows}


def _answers(store: DuckDBStore) -> dict[str, object]:
    dialect = store.dialect()
    found: dict[str, object] = {}
    for name, metric in METRICS.items():
        if name == "back":
            continue
        compiled = compile_series(metric, SeriesQuery(DAYS), dialect)
        found[name] = sorted(store.run(compiled.expr).rows)
    by = parse_field("price")
    assert isinstance(by, Field)
    groups = compile_series(METRICS["dear"], SeriesQuery(DAYS, breakdown=(by,)), dialect)
    found["groups"] = sorted(store.run(groups.expr).rows, key=str)
    return found


@pytest.mark.parametrize("keep", [_append, stream, _load])
@pytest.mark.parametrize("refreshed", [False, True])
def test_two_keys_that_differ_in_case_sink_no_question(
    tmp_path: Path, keep: Callable[[DuckDBStore, list[EventRecord]], None], refreshed: bool
) -> None:
    found = []
    for odd in (ONE, TWINS):
        with DuckDBStore(tmp_path / f"{len(odd)}.duckdb", ZoneInfo("UTC")) as store:
            store.declare_measures(measure_tables(tuple(METRICS.values()), store.dialect()))
            store.refresh_facts()
            keep(store, _events([*VALUES[:5], odd]))
            if refreshed:
                store.refresh_facts()
            keep(store, _events(VALUES[5:], first=6))
            found.append(_answers(store))
            revenue = compile_series(METRICS["revenue"], SeriesQuery(DAYS), store.dialect())
            assert [row[1] for row in store.run(revenue.expr).rows] == [pytest.approx(1e20), pytest.approx(1e-7)]
    assert found[0] == found[1]


def test_reading_with_care_changes_no_value(store: DuckDBStore) -> None:
    store.append(_events(VALUES))
    store.refresh_facts()
    before = _read(store)
    store.append(_events([TWINS, [TWINS]], first=len(VALUES)))
    after = _read(store)
    assert {n: after[n] for n in before} == before
    assert after[len(VALUES)] == (None, '{"Net":6,"net":6}')
    assert after[len(VALUES) + 1] == (None, '[{"Net":6,"net":6}]')
    assert before[8] == (None, '[1,{"a":2}]')


@pytest.mark.parametrize("careful", [False, True])
@pytest.mark.parametrize("refreshed", [False, True])
def test_whole_number_is_one_value_however_it_is_written(store: DuckDBStore, careful: bool, refreshed: bool) -> None:
    written = ["1", "1.0", "1e0", '"1.0"', "-0.0", "0", "1.5", "100.0", "1e2", "9007199254740993", "9007199254740992"]
    expected = ["1", "1", "1", "1.0", "0", "0", "1.5", "100", "100", "9007199254740993", "9007199254740992"]
    store.append([msgspec.structs.replace(one, properties=f'{{"price":{text}}}') for one, text in _with(written)])
    if careful:
        store.append(_events([TWINS], first=len(written)))
    if refreshed:
        store.refresh_facts()
    kept = _read(store)
    assert [kept[n][1] for n in range(len(written))] == expected
    for asked, count in (("1", 4), ("1.0", 4), ("0", 2), ("100", 2), ("9007199254740993", 1), ("9007199254740992", 1)):
        where = parse_filter(f"price = {asked}")
        assert isinstance(where, Filter)
        metric = Metric(name="n", type=MetricType.COUNT, selection=Selection(("done",), (where,)))
        compiled = compile_series(metric, SeriesQuery(DAYS), store.dialect())
        assert sum(row[1] for row in store.run(compiled.expr).rows) == count


def test_store_that_reads_with_care_is_opened_again(tmp_path: Path) -> None:
    for number in range(2):
        with DuckDBStore(tmp_path / "events.duckdb", ZoneInfo("UTC")) as store:
            store.append(_events([TWINS, 7], first=10 * number))
            assert sorted(n for n, _ in _read(store).values() if n) == [7.0] * (number + 1)


@pytest.mark.parametrize("odd", [ONE, TWINS])
def test_property_is_one_of_the_texts_it_reads_as(store: DuckDBStore, odd: dict[str, int]) -> None:
    store.append(_events([*VALUES, odd]))
    store.refresh_facts()
    dialect = store.dialect()
    events = dialect.events()
    number = events.client_id.cast("int64")
    texts = {n: text for n, (_, text) in _read(store).items()}
    for wanted in [*dict.fromkeys(text for text in texts.values() if text is not None), "never"]:
        for asked in ([wanted], [wanted, "x"]):
            found = store.run(events.select(n=number, same=dialect.property_is_in(events, "price", asked))).rows
            assert dict(found) == {n: None if text is None else text in asked for n, text in texts.items()}


def test_true_and_false_are_no_numbers(store: DuckDBStore) -> None:
    written = [True, False, 1, 0, 1.0, 0.0, "1", "0", "true", "NaN", "inf", "-inf", "infinity", 0.5, -1, "-1", -0.0]
    store.append(_events(written))
    expected = [None, None, 1, 0, 1, 0, 1, 0, None, None, None, None, None, 0.5, -1, -1, 0]
    for _ in range(2):
        assert [number for _, (number, _) in sorted(_read(store).items())] == expected
        store.refresh_facts()
    store.append(_events([TWINS, 1e200, -1e200, 5e-324, 1e308], first=len(written)))
    read = [number for _, (number, _) in sorted(_read(store).items())]
    assert read == [*expected, None, 1e200, -1e200, 5e-324, 1e308]
