"""Which names count what is shipped, and whether the catalog changes all that belongs together or nothing."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from upshot.catalog.catalog import Catalog
from upshot.catalog.checks import Book, faults
from upshot.catalog.declarations import Put, Remove
from upshot.catalog.kinds import Declaration, Experiment, Launch, Output, Study, Team, Variant
from upshot.catalog.output_words import counts_outputs
from upshot.core.errors import NotFound
from upshot.metrics.parse import parse_metrics

SHIPPED = (
    "features", "features_shipped", "number_of_releases", "Releases-per-quarter", "story_points", "velocity",
    "tickets_closed",
    "pull_requests_merged", "bugs_fixed", "roadmap_items_done", "commits_merged", "deployments", "outputs",
)  # fmt: skip
OUTCOMES = (
    "subscriptions", "feature_users", "support_tickets", "tickets", "commits", "release_downloads", "app_launches",
    "orders_shipped",
    "issues_opened", "pr_reviews_read", "done", "tasks", "stories_read", "velocity_of_money", "count", "",
)  # fmt: skip


@pytest.mark.parametrize("name", SHIPPED)
def test_names_that_count_what_is_shipped(name: str) -> None:
    assert counts_outputs(name, None)


@pytest.mark.parametrize("name", OUTCOMES)
def test_names_that_say_more_are_outcomes(name: str) -> None:
    assert not counts_outputs(name, None)


def test_metric_that_counts_people_is_an_outcome_whatever_its_name() -> None:
    (people,) = parse_metrics("{name: features, type: active, event: feature used}").metrics
    (number,) = parse_metrics("{name: features, type: count, event: feature shipped}").metrics
    assert not counts_outputs("features", people)
    assert counts_outputs("features", number)


def test_declaring_is_all_or_nothing(catalog: Catalog) -> None:
    output = Output(name="o", expects=("m +5% within 30d",))
    metric = ("m", "hash", "name: m", "a.yaml")
    with pytest.raises(NotFound):
        catalog.declare([Put(output), Remove(Team, "x")], [metric], by="ann", source="a.yaml", managed="code")
    assert catalog.metrics.current() == {}
    assert catalog.declarations.current(Output) == {}
    assert catalog.conclusions.seals() == ()
    made = catalog.declare([Put(output, source="b.yaml")], [metric], by="ann", source="a.yaml", managed="code")
    assert [(v.source, v.version) for v in made.versions] == [("b.yaml", 1)]
    assert (made.metrics[0].source, made.sealed[0].output) == ("a.yaml", "o")
    again = catalog.declare([Put(output)], by="ann", source="a.yaml", managed="code")
    assert (again.versions, again.sealed) == ((), ())
    gone = catalog.declare([Remove(Output, "o")], by="ann", source="", managed="code")
    assert (gone.versions[0].removed, gone.sealed) == (True, ())
    assert catalog.declarations.removed(Output) == {"o"}


def test_study_of_an_experiment_measures_only_what_units_have_values_of() -> None:
    day = date(2024, 3, 1)
    launch = Launch(name="l", at=datetime(2024, 3, 1, tzinfo=UTC), outputs=("o",))
    experiment = Experiment(
        name="e",
        launch="l",
        exposure="met",
        property="arm",
        variants=(Variant(name="a"), Variant(name="b")),
        starts=day,
    )
    squares = """
    - {name: n, type: count}
    - {name: squared, type: formula, formula: n * n}
    - {name: m, type: formula, formula: 2 * n}
    """
    metrics = {metric.name: metric for metric in parse_metrics(squares).metrics}
    for primary, drawn, told in (("squared", True, 1), ("m", True, 0), ("squared", False, 0)):
        study = Study(name="s", launch="l", primary=primary, readings=(day,))
        there: dict[str, dict[str, Declaration]] = {"launch": {"l": launch}, "study": {"s": study}}
        there |= {"experiment": {"e": experiment} if drawn else {}, "output": {"o": Output(name="o")}}
        book = Book(there, metrics, {}, ZoneInfo("UTC"), datetime(2024, 3, 1, tzinfo=UTC))
        found = [fault for fault in faults(book, [study]) if fault.level == "error"]
        assert len(found) == told
        assert all("neither a weighted sum nor a fraction" in fault.message for fault in found)
