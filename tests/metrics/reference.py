"""The same numbers, computed slowly and plainly from lists of events: what the compiler is held against."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date, timedelta

import msgspec

from tests.metrics.world import Event, World, evaluate, text_of
from upshot.core.time import DayRange, Grain
from upshot.metrics.compile import RetentionQuery, SeriesQuery
from upshot.metrics.definition import (
    Binary,
    Expression,
    Field,
    Filter,
    Metric,
    MetricType,
    Negate,
    Number,
    Property,
    RetentionKind,
    Selection,
    State,
    Window,
)

Numbers = tuple[float | None, float | None, float | None]
Group = tuple[str | None, ...]


# --- series ----------------------------------------------------------------------------------------------------------


def series(metric: Metric, query: SeriesQuery, world: World) -> dict[tuple[date, Group], Numbers]:
    """Value, numerator and denominator of each period and group that has any."""
    keyed = _keyed(world, metric, metric.selection, query)
    if metric.type is MetricType.RATIO:
        return _ratio(metric, query, world)
    if metric.type is MetricType.FORMULA:
        return _formula(metric, query, world)
    if metric.type in (MetricType.CONVERSION, MetricType.FUNNEL):
        return _conversion(metric, query, world)
    if metric.type is MetricType.RETENTION:
        return _retained(metric, query, world)
    result: dict[tuple[date, Group], Numbers] = {}
    groups = {group for _, group, _ in keyed}
    for period, days in _periods(query):
        for group in groups:
            own = [(day, e) for day, g, e in keyed if g == group]
            numbers = _shape(metric, own, days, query, world)
            if numbers is not None:
                result[period, group] = numbers
    return result


def _periods(query: SeriesQuery) -> list[tuple[date, DayRange]]:
    if query.grain is None:
        return [(query.days.start, query.days)]
    return [
        (start, DayRange(max(start, query.days.start), min(query.grain.next(start), query.days.end)))
        for start in query.days.periods(query.grain)
    ]


def _keyed(world: World, metric: Metric, selection: Selection, query: SeriesQuery) -> list[tuple[date, Group, Event]]:
    return [
        (world.day(e), tuple(world.text(e, f, metric.unit) for f in query.breakdown), e)
        for e in world.selected(selection.narrowed(query.where), metric.unit)
    ]


def _all_days(days: DayRange) -> list[date]:
    return [days.start + timedelta(days=k) for k in range(days.days)]


def _shape(
    metric: Metric, own: list[tuple[date, Event]], days: DayRange, query: SeriesQuery, world: World
) -> Numbers | None:
    inside = [(day, e) for day, e in own if days.start <= day < days.end]
    events = [e for _, e in inside]
    match metric.type:
        case MetricType.COUNT:
            return (float(len(events)), None, None) if events else None
        case MetricType.SUM | MetricType.MEAN:
            assert metric.value is not None
            values = [v for e in events if (v := evaluate(metric.value, e)) is not None]
            if metric.type is MetricType.SUM:
                return (sum(values), None, None) if values else None
            return (sum(values) / len(values), sum(values), float(len(values))) if values else None
        case MetricType.DISTINCT:
            assert metric.value is not None
            if isinstance(metric.value, Property):
                name = metric.value.name
                texts: set[str | float | None] = {text_of(e.properties.get(name)) for e in events}
            else:
                texts = {evaluate(metric.value, e) for e in events}
            return (float(len(texts - {None})), None, None) if events else None
        case MetricType.ACTIVE:
            return _active(metric, own, days, query, world)
        case MetricType.STICKINESS:
            return _stickiness(metric, own, days, query, world)
        case MetricType.LIFECYCLE | MetricType.QUICK_RATIO:
            return _lifecycle(metric, own, days, query, world)
        case _:
            raise AssertionError(metric.type)


def _units(own: list[tuple[date, Event]], first: date, last: date, metric: Metric, world: World) -> set[str]:
    return {u for day, e in own if first <= day <= last and (u := world.unit(e, metric.unit)) is not None}


def _windows(grain: Grain, days: DayRange, *, own: bool) -> list[tuple[date, date]]:
    """First and last day of the whole windows inside a period; of the window that is the period itself, cut or not."""
    if own:
        return [(days.start, days.last)]
    starts = [day for day in _all_days(days) if grain.floor(day) == day and grain.next(day) <= days.end]
    return [(start, grain.next(start) - timedelta(days=1)) for start in starts]


def _active(
    metric: Metric, own: list[tuple[date, Event]], days: DayRange, query: SeriesQuery, world: World
) -> Numbers | None:
    if metric.window is Window.PERIOD or (query.grain is None and metric.window is not Window.DAY):
        count = float(len(_units(own, days.start, days.last, metric, world)))
        return (count, None, None) if count else None
    if metric.window is Window.ROLLING_28_DAYS:
        count = float(len(_units(own, days.last - timedelta(days=27), days.last, metric, world)))
        return (count, None, None) if count else None
    grain = Grain(str(metric.window))
    if query.grain is grain:
        count = float(len(_units(own, days.start, days.last, metric, world)))
        return (count, None, None) if count else None
    counts = [len(_units(own, a, b, metric, world)) for a, b in _windows(grain, days, own=False)]
    return (sum(counts) / len(counts), None, None) if sum(counts) else None


def _stickiness(
    metric: Metric, own: list[tuple[date, Event]], days: DayRange, query: SeriesQuery, world: World
) -> Numbers | None:
    if metric.window is Window.ROLLING_28_DAYS:
        every = _all_days(days)
        daily = sum(len(_units(own, d, d, metric, world)) for d in every) / len(every)
        base = sum(len(_units(own, d - timedelta(days=27), d, metric, world)) for d in every) / len(every)
        return (daily / base, daily, base) if base else None
    grain = Grain.WEEK if metric.window is Window.WEEK else Grain.MONTH
    windows = _windows(grain, days, own=query.grain is grain)
    upper = lower = 0.0
    for first, last in windows:
        inside = _all_days(DayRange.of(first, last))
        upper += sum(len(_units(own, d, d, metric, world)) for d in inside) / len(inside)
        lower += len(_units(own, first, last, metric, world))
    if not lower:
        return None
    return upper / lower, upper / len(windows), lower / len(windows)


def _lifecycle(
    metric: Metric, own: list[tuple[date, Event]], days: DayRange, query: SeriesQuery, world: World
) -> Numbers | None:
    """Each unit is looked at in each period by itself; periods are whole ones, whatever was asked about."""
    days_of: dict[str, set[date]] = defaultdict(set)
    for day, e in own:
        if (unit := world.unit(e, metric.unit)) is not None:
            days_of[unit].add(day)
    grain = query.grain
    if metric.window is not Window.PERIOD and (query.grain is not None or metric.window is Window.DAY):
        grain = Grain(str(metric.window))
    if grain is None:
        periods = [days]
    elif grain is query.grain:
        start = grain.floor(days.start)
        periods = [DayRange(start, grain.next(start))]
    else:
        periods = [DayRange.of(a, b) for a, b in _windows(grain, days, own=grain is Grain.DAY and days.days == 1)]
    tallies = [_tally(days_of.values(), period, grain) for period in periods]
    if not any(any(tally.values()) for tally in tallies):
        return None
    means = {state: sum(tally[state] for tally in tallies) / len(tallies) for state in State}
    if metric.type is MetricType.LIFECYCLE:
        return means[metric.state], None, None
    upper, lower = means[State.NEW] + means[State.RESURRECTED], means[State.DORMANT]
    return (upper / lower if lower else None), upper, lower


def _tally(units: Iterable[set[date]], period: DayRange, grain: Grain | None) -> dict[State, int]:
    if grain is None:
        before = period.period_before()
    else:
        yesterday = period.start - timedelta(days=1)
        before = DayRange.of(grain.floor(yesterday), yesterday)
    tally = dict.fromkeys(State, 0)
    for active in units:
        now, then, ever = (
            any(a <= day < b for day in active)
            for a, b in (
                (period.start, period.end),
                (before.start, before.end),
                (date.min, period.start),
            )
        )
        if now:
            tally[State.RETURNING if then else State.RESURRECTED if ever else State.NEW] += 1
        elif then:
            tally[State.DORMANT] += 1
    return tally


def _ratio(metric: Metric, query: SeriesQuery, world: World) -> dict[tuple[date, Group], Numbers]:
    assert metric.numerator is not None
    assert metric.denominator is not None
    upper, lower = series(metric.numerator, query, world), series(metric.denominator, query, world)
    result: dict[tuple[date, Group], Numbers] = {}
    for key in upper.keys() | lower.keys():
        a, b = (part.get(key, (0.0, None, None))[0] or 0.0 for part in (upper, lower))
        result[key] = (a / b if b else None, a, b)
    return result


def _calculated(expression: Expression, values: dict[str, float | None]) -> float | None:
    match expression:
        case Number(value=constant):
            return constant
        case Property(name=name):
            return values[name]
        case Negate(operand=operand):
            inner = _calculated(operand, values)
            return None if inner is None else -inner
        case Binary(op=op, left=left, right=right):
            a, b = _calculated(left, values), _calculated(right, values)
            if a is None or b is None or (op == "/" and b == 0):
                return None
            return {"+": a + b, "-": a - b, "*": a * b, "/": a / b if b else 0.0}[op]


def _value_of(part: Metric, numbers: Numbers | None) -> float | None:
    """A part's value, and where it has none what a formula takes it for: 0 of what counts or adds up."""
    if part.type is MetricType.RATIO or part.formula is not None:
        return None if numbers is None else numbers[0]
    zero = part.type in (MetricType.COUNT, MetricType.SUM, MetricType.DISTINCT, MetricType.ACTIVE, MetricType.LIFECYCLE)
    return (0.0 if zero else None) if numbers is None else numbers[0]


def plain_parts(metric: Metric) -> dict[str, Metric]:
    """Parts by a name of their own, those of ratios and of formulas in a formula taken apart."""
    found: dict[str, Metric] = {}
    for part in metric.parts:
        found |= plain_parts(part) if part.parts else {part.hash: part}
    return found


def nested(metric: Metric, values: dict[str, float | None]) -> float | None:
    if metric.type is MetricType.RATIO:
        assert metric.numerator is not None
        assert metric.denominator is not None
        a, b = values[metric.numerator.hash], values[metric.denominator.hash]
        return a / b if a is not None and b else None
    if metric.formula is None:
        return values[metric.hash]
    return _calculated(metric.formula, {part.name: nested(part, values) for part in metric.operands})


def _formula(metric: Metric, query: SeriesQuery, world: World) -> dict[tuple[date, Group], Numbers]:
    """The formula's value by period and group; both sides of a fraction are the value's business, and not told."""
    parts = plain_parts(metric)
    found = {key: series(part, query, world) for key, part in parts.items()}
    keys = {key for each in found.values() for key in each}
    return {
        key: (nested(metric, {p: _value_of(part, found[p].get(key)) for p, part in parts.items()}), None, None)
        for key in keys
    }


def _conversion(metric: Metric, query: SeriesQuery, world: World) -> dict[tuple[date, Group], Numbers]:
    furthest = _furthest(metric, query, world)
    steps = len(_path(metric))
    return {
        key: (
            sum(r == steps for r in units.values()) / len(units),
            float(sum(r == steps for r in units.values())),
            float(len(units)),
        )
        for key, units in furthest.items()
    }


def _path(metric: Metric) -> tuple[Selection, ...]:
    return metric.steps if metric.of is None else (metric.of, metric.selection)


def _furthest(metric: Metric, query: SeriesQuery, world: World) -> dict[tuple[date, Group], dict[str, int]]:
    """How many steps each unit made from its starts in a period and group, from the one that got furthest."""
    first, *later = _path(metric)
    steps = [world.selected(step.narrowed(query.where), metric.unit) for step in later]
    furthest: dict[tuple[date, Group], dict[str, int]] = defaultdict(dict)
    for period, days in _periods(query):
        for day, group, start in _keyed(world, metric, first, query):
            unit = world.unit(start, metric.unit)
            if unit is None or not days.start <= day < days.end:
                continue
            own = [[e for e in step if world.unit(e, metric.unit) == unit] for step in steps]
            own = [[e for e in step if _in_time(metric, start, e, world)] for step in own]
            made = _steps_from(start, own)
            furthest[period, group][unit] = max(furthest[period, group].get(unit, 0), made)
    return furthest


def _in_time(metric: Metric, start: Event, event: Event, world: World) -> bool:
    within = timedelta(seconds=metric.within_seconds)
    if metric.within_exact:
        return event.at <= start.at + within
    return (world.day(event) - world.day(start)).days <= within.days


def _steps_from(event: Event, steps: list[list[Event]]) -> int:
    """The longest way through the steps: every way is tried."""
    if not steps:
        return 1
    ways = [_steps_from(e, steps[1:]) for e in steps[0] if e.at >= event.at and e.id != event.id]
    return 1 + max(ways, default=0)


# --- retention -------------------------------------------------------------------------------------------------------


def _members(
    metric: Metric, days: DayRange, breakdown: tuple[Field, ...], where: tuple[Filter, ...], world: World
) -> dict[str, tuple[date, Group]]:
    joined: dict[str, Event] = {}
    for e in world.selected((metric.of or metric.selection).narrowed(where), metric.unit):
        unit = world.unit(e, metric.unit)
        if unit is not None and (unit not in joined or (e.at, e.id) < (joined[unit].at, joined[unit].id)):
            joined[unit] = e
    return {
        unit: (world.day(e), tuple(world.text(e, f, metric.unit) for f in breakdown))
        for unit, e in joined.items()
        if days.start <= world.day(e) < days.end
    }


def _offset(cohort: date, day: date, grain: Grain) -> int:
    offset = 0
    while cohort < grain.floor(day):
        cohort = grain.next(cohort)
        offset += 1
    return offset


def _offsets(
    metric: Metric, unit: str, first: date, grain: Grain, where: tuple[Filter, ...], until: date, world: World
) -> set[int]:
    returns = world.selected(metric.selection.narrowed(where), metric.unit)
    own = [world.day(e) for e in returns if world.unit(e, metric.unit) == unit]
    return {_offset(grain.floor(first), day, grain) for day in own if first <= day < until}


def _came_back(metric: Metric, offsets: Iterable[int], first: int, last: int) -> bool:
    if metric.kind is RetentionKind.UNBOUNDED:
        return any(k >= first for k in offsets)
    return any(first <= k <= last for k in offsets)


def _brackets(metric: Metric, periods: int) -> list[tuple[int, int]]:
    if metric.kind is not RetentionKind.BRACKET:
        return [(k, k) for k in range(periods + 1)]
    return [(0 if i == 0 else metric.brackets[i - 1] + 1, last) for i, last in enumerate(metric.brackets)]


def retention(
    metric: Metric, query: RetentionQuery, world: World
) -> dict[tuple[date, int, Group], tuple[int, int, int]]:
    """Units that came back, the cohort's size and the last period of the offset, by cohort, offset and group."""
    members = _members(metric, query.days, query.breakdown, query.where, world)
    result: dict[tuple[date, int, Group], tuple[int, int, int]] = {}
    for cohort, group in {(query.grain.floor(day), group) for day, group in members.values()}:
        own = [u for u, (day, g) in members.items() if (query.grain.floor(day), g) == (cohort, group)]
        offsets = {u: _offsets(metric, u, members[u][0], query.grain, query.where, query.days.end, world) for u in own}
        for first, last in _brackets(metric, query.periods):
            if first <= _offset(cohort, query.days.last, query.grain):
                back = sum(_came_back(metric, offsets[u], first, last) for u in own)
                result[cohort, first, group] = (back, len(own), last)
    return result


def _retained_units(
    metric: Metric, days: DayRange, breakdown: tuple[Field, ...], where: tuple[Filter, ...], world: World
) -> dict[str, tuple[date, Group, bool]]:
    first, last = _brackets(metric, metric.after)[metric.after]
    found = {}
    for unit, (day, group) in _members(metric, days, breakdown, where, world).items():
        offsets = _offsets(metric, unit, day, metric.period, where, date.max, world)
        found[unit] = (day, group, _came_back(metric, offsets, first, last))
    return found


def _retained(metric: Metric, query: SeriesQuery, world: World) -> dict[tuple[date, Group], Numbers]:
    units = _retained_units(metric, query.days, query.breakdown, query.where, world)
    tally: dict[tuple[date, Group], list[bool]] = defaultdict(list)
    for day, group, back in units.values():
        tally[query.days.start if query.grain is None else query.grain.floor(day), group].append(back)
    return {key: (sum(b) / len(b), float(sum(b)), float(len(b))) for key, b in tally.items()}


# --- per unit --------------------------------------------------------------------------------------------------------


def per_unit(metric: Metric, days: DayRange, world: World) -> dict[str | None, Numbers]:
    """Each unit's own numbers: the reference of the series over a world of that unit's events alone."""
    query = SeriesQuery(days, None)
    if metric.type is MetricType.RETENTION:
        return {
            unit: (float(back), float(back), 1.0)
            for unit, (_, _, back) in _retained_units(metric, days, (), (), world).items()
        }
    if metric.type is MetricType.RATIO:
        return _ratio_per_unit(metric, days, world)
    if metric.type is MetricType.FORMULA:
        return _formula_per_unit(metric, days, world)
    keep: Callable[[Event], str | None] = lambda e: world.unit(e, metric.unit)  # noqa: E731
    result: dict[str | None, Numbers] = {}
    for unit in {keep(e) for e in world.events}:
        own = World(world.zone, tuple(e for e in world.events if keep(e) == unit), world.persons, world.traits)
        numbers: Numbers | None = series(metric, query, own).get((days.start, ()))
        if numbers is None and metric.window is not Window.ROLLING_28_DAYS:
            continue
        if metric.type is MetricType.ACTIVE and metric.window not in (Window.PERIOD, Window.ROLLING_28_DAYS):
            grain = Grain(str(metric.window))
            active = [world.day(e) for e in own.selected(metric.selection, metric.unit)]
            numbers = (float(len({grain.floor(day) for day in active if days.start <= day < days.end})), None, None)
        if metric.type is MetricType.ACTIVE and metric.window is Window.ROLLING_28_DAYS:
            last = DayRange(days.end - timedelta(days=27 + 1), days.end)
            numbers = series(metric, SeriesQuery(last, None), own).get((last.start, ()))
        if numbers is not None:
            result[unit] = numbers
    return result


def _counted_once(part: Metric) -> Metric:
    once = part.type is MetricType.ACTIVE and part.window is not Window.DAY
    return msgspec.structs.replace(part, window=Window.PERIOD) if once else part


def _ratio_per_unit(metric: Metric, days: DayRange, world: World) -> dict[str | None, Numbers]:
    assert metric.numerator is not None
    assert metric.denominator is not None
    upper, lower = (per_unit(_counted_once(part), days, world) for part in (metric.numerator, metric.denominator))
    result: dict[str | None, Numbers] = {}
    for unit in upper.keys() | lower.keys():
        a, b = (part.get(unit, (0.0, None, None))[0] or 0.0 for part in (upper, lower))
        result[unit] = (a / b if b else None, a, b)
    return result


def _formula_per_unit(metric: Metric, days: DayRange, world: World) -> dict[str | None, Numbers]:
    parts = plain_parts(metric)
    found = {key: per_unit(_counted_once(part), days, world) for key, part in parts.items()}
    return {
        unit: (nested(metric, {p: _value_of(part, found[p].get(unit)) for p, part in parts.items()}), None, None)
        for unit in {unit for each in found.values() for unit in each}
    }
