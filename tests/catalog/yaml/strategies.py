"""Declarations of every kind, as odd as their types allow."""

from datetime import date, datetime, timedelta, timezone

from hypothesis import strategies as st

from upshot.catalog.kinds import (
    KINDS,
    Annotation,
    AnnotationKind,
    Choice,
    Cost,
    Dashboard,
    Decision,
    Declaration,
    Evidence,
    Experiment,
    Home,
    Launch,
    Need,
    Objective,
    Outcome,
    Output,
    OutputKind,
    Owners,
    RampStep,
    Segment,
    Study,
    Team,
    Variant,
)
from upshot.catalog.kinds.dashboard import Tile, TileType
from upshot.catalog.kinds.tracking import PlannedEvent, PlannedProperty, TrackingPlan

ODD = (
    "yes",
    "null",
    "~",
    "1200",
    "a: b",
    "a #b",
    "- a",
    "a\n\n b\n",
    "a\nb",
    " a",
    "a ",
    "2026-01-01",
    "&a",
    "\x85",
    "'",
)
TEXTS = st.one_of(st.text(max_size=20), st.sampled_from(ODD))
NAMES = st.from_regex(r"[A-Za-z0-9_](?:[A-Za-z0-9_.\-]{0,12}[A-Za-z0-9_])?", fullmatch=True)
WORDS = st.lists(TEXTS, max_size=3).map(tuple)
NAMED = st.lists(NAMES, max_size=3).map(tuple)
AMOUNTS = st.floats(min_value=0, allow_infinity=False, allow_nan=False)
COSTS = st.floats(min_value=0, max_value=1e15, exclude_max=True)
NUMBERS = st.floats(allow_infinity=False, allow_nan=False)
DAYS = st.dates(date(1900, 1, 1), date(2100, 1, 1))
ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
INSTANTS = st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1), timezones=ZONES)  # noqa: DTZ001
TARGETS = st.sampled_from(("+20%", "-3.5%", "42%", "1200", "0.5"))
CONDITIONS = st.sampled_from(("person.plan = pro", 'first."a b" in (x, "y, z")', "cohort.week != 2026-03-02"))
EXPECTS = st.sampled_from(("revenue +5% (1%..9%) within 30d", "sign_ups +12 within 2w", "errors -3% within 4 months"))


@st.composite
def _launches(draw: st.DrawFn) -> Launch:
    at = draw(INSTANTS)
    shares = draw(st.lists(st.floats(0, 1), max_size=3))
    return Launch(
        name=draw(NAMES),
        title=draw(TEXTS),
        at=at,
        outputs=draw(NAMED),
        audience=draw(WORDS),
        ramp=tuple(RampStep(at=at + timedelta(days=place), share=share) for place, share in enumerate(shares)),
        randomised=draw(st.booleans()),
        ended_at=at + timedelta(days=9) if draw(st.booleans()) else None,
    )


@st.composite
def _studies(draw: st.DrawFn) -> Study:
    return Study(
        name=draw(NAMES),
        launch=draw(NAMES),
        design=draw(st.sampled_from(("auto", "experiment", "time series", "before/after"))),
        primary=draw(NAMES),
        controls=draw(NAMED),
        readings=tuple(sorted(draw(st.sets(DAYS, min_size=1, max_size=3)))),
        smallest_effect=draw(st.floats(1e-6, 9)),
        estimand=draw(TEXTS),
        level=draw(st.floats(0.01, 0.99)),
    )


@st.composite
def _experiments(draw: st.DrawFn) -> Experiment:
    names = draw(st.lists(NAMES, min_size=2, max_size=4, unique=True))
    starts = draw(DAYS)
    return Experiment(
        name=draw(NAMES),
        launch=draw(NAMES),
        unit=draw(TEXTS),
        exposure=draw(TEXTS),
        where=draw(WORDS),
        property=draw(TEXTS),
        variants=tuple(Variant(name=name, weight=draw(st.floats(0.1, 10))) for name in names),
        starts=starts,
        ends=draw(st.none() | st.just(starts)),
    )


@st.composite
def _objectives(draw: st.DrawFn) -> Objective:
    starts = draw(DAYS)
    return Objective(
        name=draw(NAMES),
        title=draw(TEXTS),
        description=draw(TEXTS),
        metric=draw(NAMES),
        where=draw(WORDS),
        target=draw(TARGETS),
        baseline=draw(st.none() | NUMBERS),
        baseline_days=draw(st.integers(1, 400)),
        starts=starts,
        due=starts + timedelta(days=draw(st.integers(1, 900))),
        owner=draw(TEXTS),
        parent=draw(st.just("") | NAMES),
    )


TILES = st.one_of(
    st.builds(Tile, type=st.just(TileType.CHART), metric=NAMES, title=TEXTS, where=WORDS),
    st.builds(Tile, type=st.just(TileType.TEXT), text=TEXTS.filter(lambda text: bool(text.strip()))),
)
BY_KIND: dict[type[Declaration], st.SearchStrategy[Declaration]] = {
    Team: st.builds(Team, name=NAMES, title=TEXTS, description=TEXTS, cost_a_day=AMOUNTS),
    Need: st.builds(
        Need,
        name=NAMES,
        title=TEXTS,
        evidence=st.lists(
            st.builds(Evidence, kind=st.sampled_from(("survey", "data", "other")), text=TEXTS, on=st.none() | DAYS),
            max_size=2,
        ).map(tuple),
    ),
    Outcome: st.builds(Outcome, name=NAMES, owner=TEXTS, worth=st.none() | NUMBERS, worth_note=TEXTS),
    Objective: _objectives(),
    Output: st.builds(
        Output,
        name=NAMES,
        title=TEXTS,
        kind=st.sampled_from(OutputKind),
        owners=st.builds(Owners, product=TEXTS, design=TEXTS),
        cost=st.none() | st.builds(Cost, days=COSTS, money=COSTS, estimated=st.booleans(), how=TEXTS),
        expects=st.lists(EXPECTS, max_size=2).map(tuple),
        refs=WORDS,
        link=TEXTS,
    ),
    Launch: _launches(),
    TrackingPlan: st.builds(
        TrackingPlan,
        name=NAMES,
        mode=st.sampled_from(("off", "warn", "enforce")),
        sources=WORDS,
        events=st.lists(
            st.builds(
                PlannedEvent,
                event=TEXTS.filter(bool),
                properties=st.lists(
                    st.builds(PlannedProperty, name=TEXTS, type=st.sampled_from(("any", "number")), pii=st.booleans()),
                    max_size=2,
                    unique_by=lambda each: each.name,
                ).map(tuple),
                others=st.booleans(),
                description=TEXTS,
            ),
            max_size=2,
            unique_by=lambda each: each.event,
        ).map(tuple),
        drop=WORDS,
    ),
    Segment: st.builds(
        Segment,
        name=NAMES,
        title=TEXTS,
        description=TEXTS,
        where=st.lists(CONDITIONS, min_size=1, max_size=3).map(tuple),
    ),
    Annotation: st.builds(
        Annotation,
        name=NAMES,
        description=TEXTS,
        kind=st.sampled_from(AnnotationKind),
        first_day=DAYS,
        last_day=st.none() | st.just(date(2101, 1, 1)),
        metrics=NAMED,
    ),
    Experiment: _experiments(),
    Study: _studies(),
    Decision: st.builds(
        Decision, name=NAMES, launch=NAMES, choice=st.sampled_from(Choice), by=TEXTS, at=INSTANTS, why=TEXTS
    ),
    Dashboard: st.builds(
        Dashboard,
        name=NAMES.filter(lambda name: name != "new"),
        title=TEXTS,
        tiles=st.lists(TILES, max_size=3).map(tuple),
    ),
    Home: st.builds(Home, name=st.just("home"), metrics=st.lists(NAMES, max_size=3, unique=True).map(tuple)),
}
ANY = st.one_of(*(BY_KIND[kind] for kind in KINDS.values()))
