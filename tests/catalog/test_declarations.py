from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime

import msgspec
import pytest
from sqlalchemy import create_engine, text

from upshot.catalog.catalog import Catalog
from upshot.catalog.declarations import Put, Remove
from upshot.catalog.kinds import KINDS, Choice, Cost, Decision, Launch, Objective, Output, Target, Team, parse_target
from upshot.catalog.kinds.shipping import RampStep
from upshot.core.errors import InvalidInput, NotFound


def _team(name: str, title: str = "") -> Team:
    return Team(name=name, title=title)


def _put(catalog: Catalog, *values: Team | Output, after: int | None = None) -> None:
    catalog.declarations.change([Put(v, after) for v in values], by="ann", source="test", managed="hand")


def test_declarations_keep_order_and_versions(catalog: Catalog) -> None:
    _put(catalog, _team("b"))
    _put(catalog, _team("a"))
    _put(catalog, _team("b", "Second"))
    current = catalog.declarations.current(Team)
    assert list(current) == ["b", "a"]
    assert (current["b"].version, current["b"].value.title, current["b"].created_by) == (2, "Second", "ann")
    assert [v.value.title for v in catalog.declarations.history(Team, "b")] == ["", "Second"]


def test_declarations_that_change_nothing_get_no_version(catalog: Catalog) -> None:
    _put(catalog, _team("a"))
    assert catalog.declarations.change([Put(_team("a"))], by="ann", source="x", managed="hand") == ()


def test_declarations_are_changed_all_or_none(catalog: Catalog) -> None:
    with pytest.raises(NotFound):
        catalog.declarations.change([Put(_team("a")), Remove(Team, "z")], by="ann", source="x", managed="hand")
    assert catalog.declarations.current(Team) == {}


def test_declarations_changed_meanwhile_are_refused(catalog: Catalog) -> None:
    _put(catalog, _team("a"), after=0)
    _put(catalog, _team("a", "Mine"), after=1)
    with pytest.raises(InvalidInput, match="changed meanwhile"):
        _put(catalog, _team("a", "Yours"), after=1)
    with pytest.raises(InvalidInput, match="changed meanwhile"):
        _put(catalog, _team("a", "New"), after=0)


def test_declarations_removed_can_be_restored(catalog: Catalog) -> None:
    _put(catalog, _team("a", "First"))
    _put(catalog, _team("a", "Second"))
    assert catalog.declarations.restore(Team, "a", by="ben").value.title == "First"
    catalog.declarations.change([Remove(Team, "a")], by="ben", source="page", managed="hand")
    assert catalog.declarations.current(Team) == {}
    with pytest.raises(NotFound):
        catalog.declarations.get(Team, "a")
    restored = catalog.declarations.restore(Team, "a", by="ben")
    assert (restored.value.title, restored.version, restored.removed) == ("First", 5, False)


def test_declarations_never_changed_have_nothing_to_restore(catalog: Catalog) -> None:
    _put(catalog, _team("a"))
    with pytest.raises(InvalidInput, match="never changed"):
        catalog.declarations.restore(Team, "a", by="ann")
    with pytest.raises(NotFound):
        catalog.declarations.restore(Team, "b", by="ann")


def test_decisions_cannot_be_changed(catalog: Catalog) -> None:
    first = Decision(name="d1", launch="l", choice=Choice.KEEP, by="ann", at=datetime(2026, 1, 1, tzinfo=UTC))
    catalog.declarations.change([Put(first)], by="ann", source="page", managed="hand")
    with pytest.raises(InvalidInput, match="cannot be changed"):
        catalog.declarations.change(
            [Put(msgspec.structs.replace(first, choice=Choice.ROLL_BACK))], by="ann", source="page", managed="hand"
        )


def test_declarations_by_many_threads_get_one_version_each(catalog: Catalog) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: _put(catalog, _team("a", f"{n}")), range(24)))
    versions = [v.version for v in catalog.declarations.history(Team, "a")]
    assert versions == list(range(1, 25))


def test_catalog_of_the_first_schema_keeps_its_rows(catalog_url: str) -> None:
    from alembic import command
    from alembic.config import Config

    from upshot.catalog.database import MIGRATIONS
    from upshot.catalog.database import _engine as connect

    engine = connect(catalog_url)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.execution_options(sqlite_begin="IMMEDIATE").begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.execute(text("INSERT INTO properties VALUES ('time_zone', 'UTC')"))
    engine.dispose()
    opened = Catalog(catalog_url)
    assert opened.property("time_zone") == "UTC"
    assert opened.declarations.current(Team) == {}
    opened.close()


def test_every_kind_has_its_own_name_and_plural() -> None:
    assert len({kind.PLURAL for kind in KINDS.values()}) == len(KINDS)
    assert all(name == kind.KIND for name, kind in KINDS.items())


@pytest.mark.parametrize(
    ("written", "level"),
    [("+20%", 120.0), ("-20%", 80.0), ("−5%", 95.0), ("42%", 0.42), ("1200", 1200.0)],
)
def test_targets_are_changes_or_values(written: str, level: float) -> None:
    assert parse_target(written).level(100.0) == pytest.approx(level)


@pytest.mark.parametrize("written", ["", "+20", "ship it", "20 %%", "-3"])
def test_targets_that_are_none_are_refused(written: str) -> None:
    with pytest.raises(ValueError, match="target"):
        parse_target(written)
    assert isinstance(parse_target("5%"), Target)


@pytest.mark.parametrize(
    ("kind", "fields", "message"),
    [
        (Team, {"name": "a b"}, "'a-b' could"),
        (Team, {"name": "a", "colour": "red"}, "unknown field"),
        (Output, {"name": "a", "expects": ["more users"]}, "not an expectation"),
        (Output, {"name": "a", "cost": {"days": -1}}, "not negative"),
        (Launch, {"name": "a", "at": "2026-01-01T00:00:00"}, "offset"),
        (Objective, {"name": "a", "metric": "m", "target": "+1%", "starts": "2026-02-01", "due": "2026-01-01"}, "due"),
    ],
)
def test_declarations_that_contradict_themselves_are_refused(
    kind: type[Team | Output | Launch | Objective], fields: dict[str, object], message: str
) -> None:
    with pytest.raises(msgspec.ValidationError, match=message):
        msgspec.convert(fields, kind)


def test_launch_with_a_ramp_survives_the_catalog(catalog: Catalog) -> None:
    at = datetime(2026, 3, 1, 9, tzinfo=UTC)
    launch = Launch(name="l", at=at, outputs=("o",), ramp=(RampStep(at=at, share=0.1),))
    output = Output(name="o", cost=Cost(days=3.0, estimated=True, how="from commits"))
    catalog.declarations.change([Put(output), Put(launch)], by="ann", source="git", managed="import")
    assert catalog.declarations.get(Launch, "l").value == launch
    assert catalog.declarations.get(Output, "o").value == output
    assert launch.references() == (("outputs", "output", "o"),)


def test_annotations_days_are_checked() -> None:
    from upshot.catalog.kinds import Annotation

    with pytest.raises(ValueError, match="before it begins"):
        Annotation(name="a", first_day=date(2026, 2, 1), last_day=date(2026, 1, 1))


def test_bodies_in_the_database_are_readable_json(catalog: Catalog, catalog_url: str) -> None:
    _put(catalog, _team("a", "Ä"))
    url = catalog_url.replace("postgresql://", "postgresql+psycopg://")
    engine = create_engine(url)
    with engine.connect() as connection:
        body = connection.execute(text("SELECT body FROM declarations")).scalar_one()
    engine.dispose()
    assert msgspec.json.decode(body) == {"name": "a", "title": "Ä"}
