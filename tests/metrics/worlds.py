"""Random small worlds and questions, with the traps of real data in them."""

import uuid
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from tests.metrics.world import Event, Scalar, Trait, World
from upshot.core.errors import InternalError
from upshot.core.problems import Problem
from upshot.core.time import DayRange, Grain
from upshot.metrics.compile import RetentionQuery, SeriesQuery
from upshot.metrics.definition import Field, Filter, Metric
from upshot.metrics.filters import parse_field, parse_filter
from upshot.metrics.parse import parse_metrics

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe")
EVENTS = ("view", "buy", 'say "hi" 🎉', "select")
UNITS = (None, "u1", "u2", "u3", "ü 4")
PROPERTIES = ("plan", "a.b", "select", 'x "y"', "q", "price")
VALUES: tuple[Scalar, ...] = (None, "free", "pro", "5", "-2", "", "o'x %_", 5, 2.5, 0, -3, True)
# Around both changes of the clock in Berlin, and of New York's in between.
BEGIN = datetime(2024, 3, 1)  # noqa: DTZ001 - instants of the stores are UTC without offset
SPAN_MINUTES = 75 * 24 * 60

YAML = """
- {name: all, type: count}
- {name: some, type: count, event: [buy, view]}
- {name: filtered, type: count, event: view, where: [plan = pro]}
- {name: by_account, type: count, event: buy, unit: account}
- {name: plans_by_account, type: distinct, value: plan, unit: account}
- {name: total, type: sum, event: buy, value: q * price - 1}
- {name: ratio_of_properties, type: sum, value: q / price}
- {name: average, type: mean, event: [buy, view], value: price}
- {name: plans, type: distinct, value: plan}
- {name: dotted, type: distinct, event: view, value: '"a.b"'}
- {name: products, type: distinct, value: q * price}
- {name: active, type: active}
- {name: active_buyers, type: active, event: buy}
- {name: active_two, type: active, event: [buy, view]}
- {name: active_filtered, type: active, where: 'plan != pro'}
- {name: active_days, type: active, window: day}
- {name: active_weeks, type: active, window: week, event: view}
- {name: active_months, type: active, window: month, event: [view, buy]}
- {name: active_rolling, type: active, window: 28d}
- {name: active_rolling_buyers, type: active, window: 28d, event: buy}
- {name: active_rolling_filtered, type: active, window: 28d, where: 'plan = free'}
- {name: active_accounts, type: active, unit: account, window: 28d}
- {name: active_devices, type: active, unit: device}
- {name: sticky, type: stickiness}
- {name: sticky_weeks, type: stickiness, window: week, event: [view, buy]}
- {name: sticky_rolling, type: stickiness, window: 28d, event: view}
- {name: sticky_filtered, type: stickiness, window: 28d, where: 'plan != pro'}
- {name: fresh, type: lifecycle, state: new}
- {name: staying_weeks, type: lifecycle, state: returning, window: week, event: [view, buy]}
- {name: woken, type: lifecycle, state: resurrected, event: view}
- {name: gone_months, type: lifecycle, state: dormant, window: month}
- {name: gone_days, type: lifecycle, state: dormant, window: day, where: 'plan != pro'}
- {name: fresh_accounts, type: lifecycle, state: new, unit: account, window: week}
- {name: growth, type: quick_ratio}
- {name: growth_weeks, type: quick_ratio, window: week, where: 'plan != pro'}
- {name: fresh_share, type: ratio, numerator: fresh, denominator: active}
- {name: net_growth, type: formula, formula: fresh + woken - gone_months}
- {name: per_active, type: ratio, numerator: all, denominator: active}
- {name: per_sum, type: ratio, numerator: total, denominator: some}
- {name: mixed, type: ratio, numerator: active_rolling, denominator: active_months}
- {name: difference, type: formula, formula: all - 2 * some}
- {name: quotient, type: formula, formula: 100 * (all - total) / active_buyers - 1}
- {name: nested, type: formula, formula: difference / per_active + average * 3}
- {name: converted, type: conversion, event: buy, of: view, within: 3 days}
- {name: again, type: conversion, event: buy, of: buy, within: 90 minutes}
- {name: times_converted, type: formula, formula: (all + 1) * converted}
- {name: narrow, type: conversion, event: buy, of: {event: view, where: plan = pro}, within: 20 days, where: q >= 0}
- {name: converted_at_once, type: conversion, event: buy, of: view, within: 24 hours}
- {name: again_in_days, type: conversion, of: {event: '*', where: plan = pro}, event: [buy, view], within: 2 days}
- {name: account_converted, type: conversion, unit: account, event: buy, of: view, within: 10 days}
- {name: funnel, type: funnel, steps: [view, buy, select], within: 20 days}
- {name: funnel_of_four, type: funnel, steps: [view, {event: buy, where: q >= 0}, select, 'say "hi" 🎉'], within: 5w}
- {name: funnel_in_hours, type: funnel, unit: account, steps: [view, [buy, select], 'say "hi" 🎉'], within: 100 hours}
- {name: funnel_anything, type: funnel, steps: [{event: '*', where: plan = pro}, [buy, view], view], within: 9 days}
- {name: funnel_overlaps, type: funnel, within: 4w, steps: ['*', [buy, view], [view, select], {where: q is not null}]}
- {name: back, type: retention, period: week}
- {name: back_days, type: retention, event: buy, period: day, after: 2}
- {name: back_later, type: retention, event: buy, of: view, kind: unbounded, period: day, after: 1}
- {name: back_bracket, type: retention, kind: bracket, brackets: [0, 2, 6], period: day, after: 2}
- {name: back_filtered, type: retention, of: {event: view, where: plan = pro}, where: q is not null, after: 0}
- {name: back_accounts, type: retention, unit: account, kind: unbounded, period: week}
"""
_PARSED = parse_metrics(YAML)
if _PARSED.problems:
    raise InternalError("; ".join(map(str, _PARSED.problems)))
METRICS: dict[str, Metric] = {metric.name: metric for metric in _PARSED.metrics}

FIELDS = (
    "plan",
    '"a.b"',
    "select",
    "$event",
    "$source",
    "person.plan",
    "account.plan",
    "first.plan",
    "first.q",
    "cohort",
    "cohort.week",
    '`x "y"`',
)
FILTERS = (
    "plan = pro",
    "plan != pro",
    "plan in (free, pro)",
    "plan not in (free, 5)",
    "plan contains r",
    "plan not contains r",
    "plan starts with p",
    "plan not starts with p",
    "plan is null",
    "plan is not null",
    "q = 5",
    "q != 5",
    "q in (5, 2.5)",
    "q < 5",
    "q <= 5",
    "q > 0",
    "q >= -2",
    'q > "3"',
    '"a.b" = free',
    "select = true",
    'plan = ""',
    "plan contains %_",
    "$event = view",
    "$event != buy",
    "$event starts with s",
    "$distinct_id is not null",
    "person.plan = pro",
    "person.plan is null",
    "person.plan != pro",
    "account.plan = pro",
    "first.plan = pro",
    "first.plan != free",
    "cohort = 2024-03-01",
    "price > 1e0",
)


def field(text: str) -> Field:
    found = parse_field(text)
    assert not isinstance(found, Problem), found
    return found


def condition(text: str) -> Filter:
    found = parse_filter(text)
    assert not isinstance(found, Problem), found
    return found


@st.composite
def _event(draw: st.DrawFn) -> Event:
    return Event(
        id=str(uuid.UUID(int=draw(st.integers(0, 2**128 - 1)))),
        event=draw(st.sampled_from(EVENTS)),
        at=BEGIN + timedelta(minutes=draw(st.one_of(st.integers(0, SPAN_MINUTES), st.sampled_from((0, 1380, 43_200))))),
        distinct_id=draw(st.sampled_from(UNITS)),
        properties=draw(st.dictionaries(st.sampled_from(PROPERTIES), st.sampled_from(VALUES), max_size=4)),
        groups=draw(st.sampled_from(({}, {"account": "acme"}, {"account": "b & c"}))),
        source=draw(st.sampled_from(("web", "ios"))),
    )


@st.composite
def worlds(draw: st.DrawFn, least: int = 1) -> World:
    """Up to 30 events, at least ``least``, with ties, null units, odd names; traits that change; sometimes a merge."""
    events = draw(st.lists(_event(), min_size=least, max_size=30, unique_by=lambda e: e.id))
    minutes = draw(st.lists(st.integers(-1000, SPAN_MINUTES), max_size=4, unique=True))
    traits = [
        Trait(
            *draw(st.sampled_from((("person", "u1"), ("person", "u3"), ("account", "acme")))),
            "plan",
            draw(st.sampled_from(("pro", "free", None))),
            BEGIN + timedelta(minutes=m),
        )
        for m in minutes
    ]
    persons = draw(st.sampled_from(({}, {}, {"u2": "u1"}, {"u3": "u2"})))
    return World(ZoneInfo(draw(st.sampled_from(ZONES))), tuple(events), persons, tuple(traits))


def _range(draw: st.DrawFn) -> DayRange:
    first = date(2024, 2, 25) + timedelta(days=draw(st.integers(0, 60)))
    return DayRange(first, first + timedelta(days=draw(st.integers(1, 45))))


@st.composite
def series_queries(draw: st.DrawFn) -> SeriesQuery:
    """A range, a grain or none, up to two fields and up to two filters."""
    return SeriesQuery(
        _range(draw),
        draw(st.sampled_from((None, *Grain))),
        tuple(map(field, draw(st.lists(st.sampled_from(FIELDS), max_size=2, unique=True)))),
        tuple(map(condition, draw(st.lists(st.sampled_from(FILTERS), max_size=2, unique=True)))),
    )


@st.composite
def retention_queries(draw: st.DrawFn) -> RetentionQuery:
    """A range, a grain, a few periods, sometimes a field or a filter."""
    return RetentionQuery(
        _range(draw),
        draw(st.sampled_from((Grain.DAY, Grain.WEEK, Grain.MONTH))),
        draw(st.integers(0, 6)),
        tuple(map(field, draw(st.lists(st.sampled_from(FIELDS), max_size=1)))),
        tuple(map(condition, draw(st.lists(st.sampled_from(FILTERS), max_size=1)))),
    )
