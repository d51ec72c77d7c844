"""Dashboards: kept in versions, as code without loss, ready-made; and the home page's metrics."""

from datetime import date

import pytest

from upshot.api.dashboards import (
    DASHBOARD_APPLY,
    DASHBOARD_DELETE,
    DASHBOARD_LIST,
    DASHBOARD_OFFERED,
    DASHBOARD_RESTORE,
    DASHBOARD_SAVE,
    DASHBOARD_SHOW,
    HOME_RESTORE,
    HOME_SAVE,
    HOME_SHOW,
    DashboardApply,
    DashboardDelete,
    DashboardName,
    DashboardRestore,
    DashboardSave,
    HomeRestore,
    HomeSave,
)
from upshot.api.metrics import METRIC_APPLY, MetricApply
from upshot.api.operation import Caller, Principal, Role
from upshot.api.state import Nothing
from upshot.catalog.kinds.dashboard import COLUMNS, Dashboard, Show, Tile, TileType, arranged
from upshot.core.errors import InvalidInput, NotAllowed, NotFound
from upshot.core.time import Grain
from upshot.workspace.dashboard_text import dashboards_to_yaml, parse_dashboards
from upshot.workspace.local import LocalWorkspace

YAML = """
dashboards:
  - name: sales
    title: Sales
    range: 90d
    where: country = FR
    tiles:
      - {type: number, metric: events}
      - {type: chart, metric: events, breakdown: country, where: ['amount > 1'], by: week}
      - type: text
        text: |
          # Read me

          *Two* lines, "quotes" and: colons
"""


def everything() -> Dashboard:
    """A dashboard with every field that there is."""
    return Dashboard(
        name="all.of-it",
        title="Все — “it”",
        description="Line one\nline two: with # signs",
        range="12m",
        first_day=date(2024, 1, 1),
        last_day=date(2024, 2, 1),
        by=Grain.WEEK,
        compare="year",
        where=('country in (FR, "United Kingdom")', "person.plan is null"),
        tiles=(
            Tile(name="n", type=TileType.NUMBER, title="yes", metric="events", x=9, y=0, width=3, height=2),
            Tile(name="t", type=TileType.TEXT, text="a\n\n  b  \n\tc # d\n", x=0, y=0, width=9, height=1),
            Tile(name="g", type=TileType.TABLE, metric="events", show=Show.GROUPS, breakdown="c", x=0, y=5),
            Tile(type=TileType.TABLE, metric="retention", show=Show.COHORTS),
            Tile(type=TileType.CHART, metric="events", breakdown="country", where=("a > 1",), by=Grain.MONTH),
        ),
    )


def test_yaml_gives_back_what_it_was_made_from() -> None:
    whole = arranged(everything())
    read, problems = parse_dashboards(dashboards_to_yaml([whole, Dashboard(name="empty")]))
    assert problems == ()
    assert read == (whole, Dashboard(name="empty"))
    assert arranged(whole) == whole


def test_tiles_without_a_place_take_the_first_free_one_and_get_names() -> None:
    (board,), problems = parse_dashboards(YAML)
    assert problems == ()
    assert [(t.name, t.place) for t in board.tiles] == [
        ("events", (0, 0, 3, 2)),
        ("events-2", (3, 0, 6, 4)),
        ("text", (0, 4, 6, 2)),
    ]
    assert board.where == ("country = FR",)


@pytest.mark.parametrize(
    ("yaml", "line", "said"),
    [
        ("dashboards:\n- name: a\n  tiles:\n  - type: chart\n    metrc: x", 5, "no 'metrc'"),
        ("dashboards:\n- name: a\n  titel: b", 3, "no 'titel'"),
        ("dashboards:\n- name: a\n  tiles:\n  - {type: pie, metric: x}", 4, "'pie'"),
        ("dashboards:\n- name: a\n  tiles:\n  - {type: text, metric: x}", 4, "has no metric"),
        ("dashboards:\n- name: a\n  tiles:\n  - {type: chart, metric: x, x: 8, y: 0, width: 6}", 4, "12 columns"),
        (
            "name: a\ntiles: [{type: chart, metric: x, x: 0, y: 0}, {type: chart, metric: y, x: 5, y: 3}]",
            1,
            "'x' and 'y' lie on each other",
        ),
        ("dashboards:\n- {name: a}\n- {name: a}", 1, "two dashboards named 'a'"),
        ("dashboards:\n- {name: new}", 2, "'new'"),
        ("dashboards: 3", 1, "a list"),
        ("boards: []", 1, "no list of dashboards"),
        ("- name: [", 1, "not YAML"),
    ],
)
def test_what_is_wrong_in_yaml_is_said_with_its_line(yaml: str, line: int, said: str) -> None:
    read, problems = parse_dashboards(yaml, "a.yaml")
    assert read == () or len({d.name for d in read}) < len(read)
    assert said in problems[0].message
    assert (problems[0].where, problems[0].line) == ("a.yaml", line)


def test_every_problem_of_a_file_is_said_at_once() -> None:
    _, problems = parse_dashboards(
        "dashboards:\n- name: a\n  x: 1\n  tiles:\n  - {type: chart}\n  - {type: number, q: 2}"
    )
    assert len(problems) == 3
    assert problems[1].suggestions == ()


def test_applied_dashboards_are_managed_from_code(owner: Caller) -> None:
    first = owner.call(DASHBOARD_APPLY, DashboardApply(YAML, "sales.yaml", dry_run=True))
    assert [(c.name, c.change) for c in first.changes] == [("sales", "added")]
    assert owner.call(DASHBOARD_LIST, Nothing()).dashboards == ()
    owner.call(DASHBOARD_APPLY, DashboardApply(YAML, "sales.yaml"))
    view = owner.call(DASHBOARD_SHOW, DashboardName("sales"))
    assert (view.managed, view.source, view.version, view.changed_by) == (True, "sales.yaml", 1, "olivia")
    again = owner.call(DASHBOARD_APPLY, DashboardApply(dashboards_to_yaml([view.dashboard]), "sales.yaml"))
    assert [(c.change, c.version) for c in again.changes] == [("unchanged", 1)]
    with pytest.raises(NotAllowed, match=r"managed from code, in sales.yaml"):
        owner.call(DASHBOARD_SAVE, DashboardSave(view.dashboard, after=1))
    with pytest.raises(NotAllowed, match="managed from code"):
        owner.call(DASHBOARD_DELETE, DashboardDelete("sales"))


def test_nothing_is_applied_while_a_tile_asks_for_what_is_not_there(owner: Caller) -> None:
    applied = owner.call(
        DASHBOARD_APPLY, DashboardApply(YAML.replace("number, metric: events", "number, metric: evens"))
    )
    assert applied.changes == ()
    assert applied.problems[0].suggestions[0] == "events"
    applied = owner.call(DASHBOARD_APPLY, DashboardApply(YAML.replace("amount > 1", "amount >")))
    assert "tile 'events-2' of 'sales'" in applied.problems[0].message
    assert owner.call(DASHBOARD_LIST, Nothing()).dashboards == ()


def board(*metrics: str) -> Dashboard:
    return Dashboard(name="mine", tiles=tuple(Tile(type=TileType.CHART, metric=name) for name in metrics))


def test_deleting_is_undone_and_so_is_a_change(owner: Caller) -> None:
    made = owner.call(DASHBOARD_SAVE, DashboardSave(board("events"), after=0))
    more = owner.call(DASHBOARD_SAVE, DashboardSave(board("events", "active_persons"), after=made.version))
    owner.call(DASHBOARD_DELETE, DashboardDelete("mine"))
    with pytest.raises(NotFound):
        owner.call(DASHBOARD_SHOW, DashboardName("mine"))
    back = owner.call(DASHBOARD_RESTORE, DashboardRestore("mine"))
    assert back.dashboard == more.dashboard
    earlier = owner.call(DASHBOARD_RESTORE, DashboardRestore("mine", made.version))
    assert earlier.dashboard == made.dashboard
    assert earlier.version == 5
    with pytest.raises(NotFound, match="version"):
        owner.call(DASHBOARD_RESTORE, DashboardRestore("mine", 77))
    with pytest.raises(NotFound):
        owner.call(DASHBOARD_RESTORE, DashboardRestore("never"))


def test_a_change_of_somebody_else_is_not_overwritten(owner: Caller) -> None:
    owner.call(DASHBOARD_SAVE, DashboardSave(board("events"), after=0))
    with pytest.raises(InvalidInput, match="named 'mine' already"):
        owner.call(DASHBOARD_SAVE, DashboardSave(board("active_persons"), after=0))
    owner.call(DASHBOARD_SAVE, DashboardSave(board("active_persons"), after=1))
    with pytest.raises(InvalidInput, match="changed meanwhile"):
        owner.call(DASHBOARD_SAVE, DashboardSave(board("stickiness"), after=1))
    with pytest.raises(InvalidInput, match="not there: 'evnts'"):
        owner.call(DASHBOARD_SAVE, DashboardSave(board("evnts"), after=2))


def test_viewer_changes_nothing(workspace: LocalWorkspace) -> None:
    viewer = workspace.acting_as(Principal("vic", Role.VIEWER))
    with pytest.raises(NotAllowed):
        viewer.call(DASHBOARD_SAVE, DashboardSave(board("events"), after=0))
    with pytest.raises(NotAllowed):
        viewer.call(HOME_SAVE, HomeSave(("events",)))
    assert viewer.call(DASHBOARD_LIST, Nothing()).dashboards == ()


def test_ready_made_dashboards_are_filled_by_the_metrics_that_there_are(owner: Caller) -> None:
    offered = owner.call(DASHBOARD_OFFERED, Nothing()).dashboards
    assert {d.name for d in offered} == {"product-health", "coming-back"}
    yaml = "metrics: [{name: paid, type: sum, event: purchase, value: amount, format: money}]"
    owner.call(METRIC_APPLY, MetricApply(yaml))
    (health, *_) = owner.call(DASHBOARD_OFFERED, Nothing()).dashboards
    assert "paid" in {tile.metric for tile in health.tiles}
    for one in offered:
        owner.call(DASHBOARD_SAVE, DashboardSave(one, after=0))
    assert owner.call(DASHBOARD_OFFERED, Nothing()).dashboards == ()


def test_home_holds_the_chosen_metrics_in_their_order(owner: Caller) -> None:
    assert owner.call(HOME_SHOW, Nothing()).metrics == ()
    first = owner.call(HOME_SAVE, HomeSave(("stickiness", "events")))
    assert first.metrics == ("stickiness", "events")
    owner.call(HOME_SAVE, HomeSave(("events",)))
    assert owner.call(HOME_RESTORE, HomeRestore(first.version)).metrics == first.metrics
    assert owner.call(HOME_RESTORE, HomeRestore(0)).metrics == ()
    with pytest.raises(NotFound):
        owner.call(HOME_SAVE, HomeSave(("evnts",)))
    with pytest.raises(InvalidInput, match="one card"):
        owner.call(HOME_SAVE, HomeSave(("events", "events")))
    with pytest.raises(NotFound):
        owner.call(HOME_RESTORE, HomeRestore(99))


def test_places_stay_within_the_grid() -> None:
    tiles = tuple(Tile(type=TileType.CHART, metric="events", width=w) for w in (7, 5, 12, 4, 4, 4, 3))
    whole = arranged(Dashboard(name="grid", tiles=tiles))
    cells = [
        (x, y)
        for tile in whole.tiles
        for x in range(tile.place[0], tile.place[0] + tile.place[2])
        for y in range(tile.place[1], tile.place[1] + tile.place[3])
    ]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < COLUMNS
