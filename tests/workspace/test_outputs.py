"""What was shipped: said by a script, recorded from elsewhere; what people changed since stays."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from tests.workspace.test_declarations import STORY, apply, counted, put, said
from upshot.api.declarations import DECLARATION_REMOVE, DeclarationRef, DeclarationsApplied
from upshot.api.operation import Caller
from upshot.api.outputs import (
    LAUNCH_LIST,
    OUTPUT_LIST,
    OUTPUT_SHOW,
    OUTPUTS_RECORD,
    SHIP,
    OutputName,
    OutputsRecord,
    Ship,
)
from upshot.api.state import Nothing
from upshot.catalog.kinds import Annotation, Launch, Output
from upshot.core.errors import InvalidInput, NotAllowed, NotFound
from upshot.workspace.dispatch import answer as over_http
from upshot.workspace.local import LocalWorkspace

MARCH = datetime(2026, 3, 1, 9, tzinfo=UTC)
APRIL = datetime(2026, 4, 1, 9, tzinfo=UTC)


def outputs(workspace: LocalWorkspace) -> dict[str, Output]:
    return {name: found.value for name, found in workspace.resources.catalog.declarations.current(Output).items()}


def launches(workspace: LocalWorkspace) -> dict[str, Launch]:
    return {name: found.value for name, found in workspace.resources.catalog.declarations.current(Launch).items()}


def record(
    caller: Caller,
    *values: Output | Launch | Annotation,
    left_out: tuple[str, ...] = (),
    prune: bool = False,
    dry_run: bool = False,
) -> DeclarationsApplied:
    request = OutputsRecord(
        source="git tempo",
        outputs=tuple(v for v in values if isinstance(v, Output)),
        launches=tuple(v for v in values if isinstance(v, Launch)),
        annotations=tuple(v for v in values if isinstance(v, Annotation)),
        left_out=left_out,
        prune=prune,
        dry_run=dry_run,
    )
    return caller.call(OUTPUTS_RECORD, request)


def test_shipping_makes_output_and_launch_and_seals_in_time(owner: Caller, workspace: LocalWorkspace) -> None:
    answer = owner.call(SHIP, Ship(title="Saved songs", expects=("events +5% within 30d",), cost_days=3, share=0.25))
    assert counted(answer) == {"added": ["output saved-songs", "launch saved-songs"]}
    assert not any("late" in message for message in said(answer, "warning"))
    launch = launches(workspace)["saved-songs"]
    assert [(step.at, step.share) for step in launch.ramp] == [(launch.at, 0.25)]
    (seal,) = workspace.resources.catalog.conclusions.seals()
    assert timedelta() < launch.at - seal.sealed_at < timedelta(seconds=3)


def test_shipping_the_same_again_changes_nothing(owner: Caller, workspace: LocalWorkspace) -> None:
    request = Ship(title="Saved songs", at=MARCH, cost_days=3)
    owner.call(SHIP, request)
    assert owner.call(SHIP, request).changes == ()
    again = owner.call(SHIP, msgspec.structs.replace(request, at=MARCH + timedelta(days=9)))
    assert counted(again) == {"added": ["launch saved-songs-2026-03-10"]}
    later = owner.call(SHIP, msgspec.structs.replace(request, at=MARCH + timedelta(days=9, hours=1)))
    assert counted(later) == {"added": ["launch saved-songs-2026-03-10-2"]}
    assert len(launches(workspace)) == 3


def test_shipping_adds_to_what_is_known_of_the_output(owner: Caller, workspace: LocalWorkspace) -> None:
    put(owner, "output", name="saved-songs", title="Saved songs", description="Hearts", kind="enabling")
    answer = owner.call(SHIP, Ship(title="Other words", name="saved-songs", at=MARCH, cost_days=2, refs=("MUS-1",)))
    assert counted(answer) == {"changed": ["output saved-songs"], "added": ["launch saved-songs"]}
    songs = outputs(workspace)["saved-songs"]
    assert (songs.title, songs.description, songs.kind, songs.refs) == ("Saved songs", "Hearts", "enabling", ("MUS-1",))


def test_shipping_what_code_declares_only_launches_it(owner: Caller, workspace: LocalWorkspace) -> None:
    apply(owner, STORY[: STORY.index("launches:")])
    answer = owner.call(SHIP, Ship(title="Saved songs", at=MARCH))
    assert counted(answer) == {"added": ["launch saved-songs"]}
    with pytest.raises(NotAllowed, match="output 'saved-songs' is managed from code"):
        owner.call(SHIP, Ship(title="Saved songs", at=MARCH + timedelta(days=1), cost_days=9))
    assert list(launches(workspace)) == ["saved-songs"]


def test_clock_without_offset_is_the_workspaces(owner: Caller, workspace: LocalWorkspace) -> None:
    owner.call(SHIP, Ship(title="A", at=datetime(2026, 7, 1, 9)))  # noqa: DTZ001
    assert launches(workspace)["a"].at.isoformat() == "2026-07-01T09:00:00+02:00"


@pytest.mark.parametrize(
    "request_",
    [Ship(title=" "), Ship(title="A", share=0), Ship(title="A", share=1.5), Ship(title="A", expects=("more",))],
)
def test_what_cannot_be_shipped_so_is_refused(owner: Caller, workspace: LocalWorkspace, request_: Ship) -> None:
    with pytest.raises(InvalidInput):
        owner.call(SHIP, request_)
    assert outputs(workspace) == {}


def test_shipping_for_an_objective_that_is_not_there_changes_nothing(owner: Caller, workspace: LocalWorkspace) -> None:
    answer = owner.call(SHIP, Ship(title="A", objective="grow"))
    assert said(answer) == ["The output 'a' names an objective that is not there: 'grow'."]
    assert outputs(workspace) == {}


V1 = (Output(name="v1", title="One", refs=("tag:v1",)), Launch(name="v1", at=MARCH, outputs=("v1",)))


def test_recording_again_changes_nothing_and_a_change_is_one(owner: Caller, workspace: LocalWorkspace) -> None:
    assert counted(record(owner, *V1, dry_run=True)) == {"added": ["output v1", "launch v1"]}
    assert outputs(workspace) == {}
    record(owner, *V1)
    found = workspace.resources.catalog.declarations.current(Output)["v1"]
    assert (found.managed, found.source) == ("import", "git tempo")
    assert set(counted(record(owner, *V1))) == {"unchanged"}
    changed = record(owner, Output(name="v1", title="First"), V1[1])
    assert counted(changed) == {"changed": ["output v1"], "unchanged": ["launch v1"]}


def test_what_a_source_no_longer_gives_is_named_and_pruned_when_asked(owner: Caller, workspace: LocalWorkspace) -> None:
    record(owner, *V1, Output(name="v2"))
    owner.call(OUTPUTS_RECORD, OutputsRecord(source="csv", outputs=(Output(name="other"),)))
    put(owner, "output", name="mine", title="Mine")
    answer = record(owner, Output(name="v2"))
    assert counted(answer) == {"unchanged": ["output v2"]}
    assert said(answer, "warning") == [
        "The output 'v1' came from git tempo before and does not any more; prune (--prune) removes it.",
        "The launch 'v1' came from git tempo before and does not any more; prune (--prune) removes it.",
    ]
    planned = record(owner, Output(name="v2"), prune=True, dry_run=True)
    assert counted(planned) == {"removed": ["output v1", "launch v1"], "unchanged": ["output v2"]}
    assert set(outputs(workspace)) == {"v1", "v2", "other", "mine"}
    assert said(record(owner, Output(name="v2"), prune=True), "warning") == []
    assert set(outputs(workspace)) == {"v2", "other", "mine"}
    assert counted(record(owner, *V1, Output(name="v2")))["added"] == ["output v1", "launch v1"], "it comes back"


def test_what_is_left_out_on_purpose_is_removed_unless_something_refers_to_it(
    owner: Caller, workspace: LocalWorkspace
) -> None:
    record(owner, *V1, Output(name="v2"), Launch(name="v2", at=APRIL, outputs=("v2",)))
    studied = put(owner, "study", name="s", launch="v2", primary="events", readings=["2026-09-01"])
    assert not studied.refused
    answer = record(owner, Output(name="v3"), left_out=("v1", "v2", "never-there"))
    assert counted(answer) == {"added": ["output v3"], "removed": ["output v1", "launch v1"]}
    assert said(answer, "warning") == [
        "The launch 'v2' stays, as the study 's' refers to it.",
        "The output 'v2' stays, as the launch 'v2' refers to it.",
    ]
    assert set(outputs(workspace)) == {"v2", "v3"}


def test_titles_in_any_script_are_outputs_of_their_own(owner: Caller, workspace: LocalWorkspace) -> None:
    titles = ("検索を速くする", "お気に入り", "Быстрый поиск", "🚀", "🎉")
    for title in titles:
        assert len(owner.call(SHIP, Ship(title=title, at=MARCH)).changes) == 2
    assert {output.title for output in outputs(workspace).values()} == set(titles)
    again = owner.call(SHIP, Ship(title="быстрый  ПОИСК", at=MARCH))
    assert again.changes == (), "the same but for its case and its spaces"


def test_another_title_of_the_same_name_is_not_merged(owner: Caller, workspace: LocalWorkspace) -> None:
    owner.call(SHIP, Ship(title="Support of C++", at=MARCH))
    with pytest.raises(InvalidInput, match="'support-of-c' is the name of 'Support of C\\+\\+' already") as refused:
        owner.call(SHIP, Ship(title="Support of C#", at=MARCH))
    assert "--output" in refused.value.hint
    assert [output.title for output in outputs(workspace).values()] == ["Support of C++"]
    owner.call(SHIP, Ship(title="Support of C#", name="c-sharp", at=MARCH))
    put(owner, "output", name="support-of-c", title="C++")
    owner.call(SHIP, Ship(title="Support of C++", at=APRIL))
    assert [output.title for output in outputs(workspace).values()] == ["C++", "Support of C#"], "once its title"


def test_what_people_changed_or_removed_since_stays(owner: Caller, workspace: LocalWorkspace) -> None:
    record(owner, *V1, Output(name="v2"), Output(name="v3"))
    put(owner, "output", name="v1", title="Mine")
    owner.call(DECLARATION_REMOVE, DeclarationRef("output", "v2"))
    apply(owner, "outputs: [{name: v3, title: Code}]")
    answer = record(owner, *V1, Output(name="v2"), Output(name="v3"))
    assert counted(answer) == {"unchanged": ["launch v1"]}
    assert said(answer, "warning") == [
        "The output 'v1' is kept as it was changed by hand.",
        "The output 'v2' was removed here, and stays so.",
        "The output 'v3' is kept as it was changed from code.",
    ]
    assert {name: output.title for name, output in outputs(workspace).items()} == {"v1": "Mine", "v3": "Code"}


def test_history_with_names_that_are_not_there_is_kept_without_them(owner: Caller, workspace: LocalWorkspace) -> None:
    odd = Output(name="o", objective="growth", expects=("evnts +5% within 30d", "events +1% within 30d"))
    answer = record(
        owner,
        odd,
        Launch(name="l", at=MARCH, outputs=("o", "p")),
        Annotation(name="a", first_day=MARCH.date(), metrics=("events", "evnts")),
    )
    assert not answer.refused
    warned = [(p.where, p.suggestions) for p in answer.problems if "It is left out" in p.message]
    assert warned == [("o", ()), ("o", ("events",)), ("l", ()), ("a", ("events",))]
    assert outputs(workspace)["o"].expects == ("events +1% within 30d",)
    assert launches(workspace)["l"].outputs == ("o",)
    assert len(workspace.resources.catalog.conclusions.seals()) == 1


def test_many_warnings_are_told_in_short(owner: Caller) -> None:
    answer = record(owner, *(Output(name=f"o{n}", objective="growth") for n in range(50)))
    assert len(answer.problems) == 21
    assert answer.problems[-1].message == "There are 30 more such warnings."


def test_source_without_a_name_is_refused(owner: Caller) -> None:
    with pytest.raises(InvalidInput, match="source"):
        owner.call(OUTPUTS_RECORD, OutputsRecord(source=" "))


def test_outputs_are_listed_with_cost_and_launches(owner: Caller) -> None:
    put(owner, "team", name="growth", cost_a_day=600)
    owner.call(SHIP, Ship(title="Saved songs", at=MARCH, team="growth", cost_days=3))
    owner.call(SHIP, Ship(title="Dark mode", at=MARCH - timedelta(days=1), cost_days=3))
    put(owner, "output", name="planned")
    put(owner, "annotation", name="price", kind="price", first_day="2026-01-01")
    listed = owner.call(OUTPUT_LIST, Nothing()).outputs
    assert [(o.name, o.cost_days, o.cost, o.launches) for o in listed] == [
        ("saved-songs", 3.0, 1800.0, ("saved-songs",)),
        ("dark-mode", 3.0, None, ("dark-mode",)),
        ("planned", None, None, ()),
    ]
    assert owner.call(OUTPUT_SHOW, OutputName("saved-songs")) == listed[0]
    with pytest.raises(NotFound, match="no output named 'saved-song'"):
        owner.call(OUTPUT_SHOW, OutputName("saved-song"))
    answer = owner.call(LAUNCH_LIST, Nothing())
    assert [launch.name for launch in answer.launches] == ["dark-mode", "saved-songs"]
    assert [(each.name, each.kind) for each in answer.annotations] == [("price", "price")]


def test_deploy_script_needs_a_title_only(owner: Caller, workspace: LocalWorkspace) -> None:
    status, body = over_http(owner, "output.ship", b'{"title": "Saved songs", "refs": ["1f2e"]}')
    assert status == 200
    assert [change["name"] for change in msgspec.json.decode(body)["changes"]] == ["saved-songs", "saved-songs"]
    assert outputs(workspace)["saved-songs"].refs == ("1f2e",)
    status, body = over_http(owner, "output.ship", b'{"titel": 1}')
    assert status == 400
