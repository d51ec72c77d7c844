"""Declaring from YAML and by hand: all or nothing, compared, checked, sealed, undone."""

import msgspec
import pytest

from upshot.api.declarations import (
    DECLARATION_HISTORY,
    DECLARATION_LIST,
    DECLARATION_PUT,
    DECLARATION_REMOVE,
    DECLARATION_RESTORE,
    DECLARATIONS_APPLY,
    DECLARATIONS_EXPORT,
    DeclarationExport,
    DeclarationFile,
    DeclarationKind,
    DeclarationPut,
    DeclarationRef,
    DeclarationsApplied,
    DeclarationsApply,
    FieldChange,
)
from upshot.api.metrics import METRIC_LIST
from upshot.api.operation import Caller
from upshot.api.state import Nothing
from upshot.catalog.kinds import Launch, Objective, Output, Team
from upshot.core.errors import InvalidInput, NotAllowed, NotFound
from upshot.workspace.local import LocalWorkspace

STORY = """\
metrics:
  - {name: subscriptions, type: count, event: purchase}
outcomes:
  - {name: subscriptions, worth: 50}
objectives:
  - {name: grow, metric: subscriptions, target: +20%, starts: 2026-01-01, due: 2026-07-01}
outputs:
  - name: saved-songs
    title: Saved songs
    objective: grow
    cost: {days: 3}
    expects: subscriptions +5% (1..9) within 30d
launches:
  - {name: saved-songs, at: 2098-03-01, outputs: saved-songs}
"""


def apply(caller: Caller, *texts: str, prune: bool = False, dry_run: bool = False) -> DeclarationsApplied:
    files = tuple(DeclarationFile(f"{'abc'[at]}.yaml", text) for at, text in enumerate(texts))
    return caller.call(DECLARATIONS_APPLY, DeclarationsApply(files, prune, dry_run))


def put(caller: Caller, kind: str, after: int | None = None, /, **body: object) -> DeclarationsApplied:
    return caller.call(DECLARATION_PUT, DeclarationPut(kind, msgspec.Raw(msgspec.json.encode(body)), after))


def exported(caller: Caller, *kinds: str) -> str:
    return caller.call(DECLARATIONS_EXPORT, DeclarationExport(kinds)).yaml


def counted(applied: DeclarationsApplied) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for change in applied.changes:
        found.setdefault(change.change, []).append(f"{change.kind} {change.name}")
    return found


def said(applied: DeclarationsApplied, level: str = "error") -> list[str]:
    return [problem.message for problem in applied.problems if problem.level == level]


def test_applying_adds_then_changes_nothing(owner: Caller, workspace: LocalWorkspace) -> None:
    first = apply(owner, STORY)
    assert said(first) == []
    assert said(first, "warning") == []
    assert counted(first) == {
        "added": [
            "metric subscriptions",
            "outcome subscriptions",
            "objective grow",
            "output saved-songs",
            "launch saved-songs",
        ]
    }
    assert set(counted(apply(owner, STORY))) == {"unchanged"}
    (seal,) = workspace.resources.catalog.conclusions.seals()
    assert (seal.output, seal.expectation) == ("saved-songs", "subscriptions +5% (1%..9%) within 30d")
    assert "subscriptions" in {metric.name for metric in owner.call(METRIC_LIST, Nothing()).metrics}


def test_export_gives_the_same_workspace_and_the_same_bytes(owner: Caller) -> None:
    apply(owner, STORY)
    text = exported(owner)
    again = apply(owner, text)
    assert set(counted(again)) == {"unchanged"}
    assert exported(owner) == text
    assert exported(owner, "team") == ""
    with pytest.raises(NotFound, match="no kind named 'objektive'"):
        exported(owner, "objektive")
    with pytest.raises(NotFound, match="no declaration named 'x'"):
        owner.call(DECLARATIONS_EXPORT, DeclarationExport((), ("x",)))


def test_order_of_declaration_survives_the_round_trip(owner: Caller) -> None:
    apply(owner, "teams: [{name: z}, {name: a}, {name: m}]")
    assert exported(owner) == "teams:\n  - name: z\n  - name: a\n  - name: m\n"


def test_diff_shows_fields_before_and_after(owner: Caller) -> None:
    apply(owner, STORY)
    changed = STORY.replace("days: 3", "days: 5").replace("title: Saved songs", "kind: upkeep")
    changed = changed.replace("event: purchase", "event: visit")
    planned = apply(owner, changed, dry_run=True)
    fields = {change.name: change.fields for change in planned.changes if change.change == "changed"}
    assert fields == {
        "subscriptions": (FieldChange("event", "purchase", "visit"),),
        "saved-songs": (
            FieldChange("title", "Saved songs", ""),
            FieldChange("kind", "bet", "upkeep"),
            FieldChange("cost.days", "3", "5"),
        ),
    }
    assert set(counted(apply(owner, STORY))) == {"unchanged"}, "a plan changes nothing"


def test_nothing_is_changed_while_one_thing_is_wrong(owner: Caller, workspace: LocalWorkspace) -> None:
    answer = apply(owner, STORY, "teams:\n- name: ok\n- name: b\n  titel: B")
    assert answer.refused
    assert [(p.where, p.line) for p in answer.problems] == [("b.yaml", 4)]
    catalog = workspace.resources.catalog
    assert catalog.declarations.current(Team) == {}
    assert catalog.declarations.current(Objective) == {}
    assert catalog.conclusions.seals() == ()
    assert "subscriptions" not in {metric.name for metric in owner.call(METRIC_LIST, Nothing()).metrics}


REFUSED = [
    (STORY.replace("metric: subscriptions", "metric: subscription"), "names a metric that is not there", 6),
    (STORY.replace("objective: grow", "objective: groww"), "names an objective that is not there", 10),
    (STORY.replace("outputs: saved-songs", "outputs: saved-song"), "names an output that is not there", 14),
    (
        STORY.replace("due: 2026-07-01", "due: 2026-07-01, parent: grow"),
        "lead back to where they begin: grow → grow",
        6,
    ),
    (STORY.replace("due: 2026-07-01", "due: 2026-07-01, where: plan lik pro"), "no comparison", 6),
    (STORY.replace("metric: subscriptions", "metric: features_shipped"), "which counts what is shipped", 6),
    (STORY.replace("metric: subscriptions", "metric: saved-songs"), "which is an output", 6),
]


@pytest.mark.parametrize(("text", "message", "line"), REFUSED, ids=range(len(REFUSED)))
def test_what_does_not_fit_together_is_refused_with_its_line(owner: Caller, text: str, message: str, line: int) -> None:
    answer = apply(owner, text)
    assert answer.refused
    assert [(p.line, message in p.message) for p in answer.problems if p.level == "error"] == [(line, True)]


def test_objective_on_outputs_is_offered_outcomes(owner: Caller) -> None:
    answer = apply(owner, STORY.replace("metric: subscriptions", "metric: saved-songs"))
    assert answer.problems[0].suggestions == ("subscriptions",)


def test_long_circle_of_objectives_is_shown_once(owner: Caller) -> None:
    rows = "".join(
        f"- {{name: {name}, metric: events, target: +1%, starts: 2026-01-01, due: 2026-02-01, parent: {parent}}}\n"
        for name, parent in (("a", "b"), ("b", "c"), ("c", "a"), ("d", "a"))
    )
    assert said(apply(owner, f"objectives:\n{rows}")) == [
        "Objectives form a tree, and these lead back to where they begin: a → b → c → a."
    ]


def test_warnings_stand_in_nobodys_way(owner: Caller, workspace: LocalWorkspace) -> None:
    late = STORY.replace("2098-03-01", "2024-03-01")
    more = "launches:\n- {name: other, at: 2024-03-01T20:00:00Z}\noutputs:\n- {name: lonely}\n"
    answer = apply(owner, late, more)
    assert not answer.refused
    found = said(answer, "warning")
    assert len(found) == 4
    assert any("is kept, and marked late" in message for message in found)
    assert any("'saved-songs' and 'other' are launched on one day, 2024-03-01" in message for message in found)
    assert any("The launch 'other' has no outputs" in message for message in found)
    assert any("'lonely' is a bet without objective and without expectation" in message for message in found)
    assert len(workspace.resources.catalog.conclusions.seals()) == 1


def test_expectation_that_was_sealed_in_time_is_not_late_afterwards(owner: Caller) -> None:
    apply(owner, STORY)
    again = apply(owner, STORY.replace("at: 2098-03-01", "at: 2098-03-02"))
    assert said(again, "warning") == []


def test_prune_removes_only_what_came_from_code(owner: Caller) -> None:
    apply(owner, STORY, "teams: [{name: growth}]")
    put(owner, "team", name="hand")
    without = STORY[: STORY.index("launches:")]
    left = apply(owner, without, "")
    assert said(left, "warning") == [
        "The launch 'saved-songs' is no longer there, and stays in force: prune removes it.",
        "The team 'growth' is no longer there, and stays in force: prune removes it.",
    ]
    pruned = apply(owner, without, "", prune=True)
    assert counted(pruned)["removed"] == ["team growth", "launch saved-songs"]
    assert [d.name for d in owner.call(DECLARATION_LIST, DeclarationKind("team")).declarations] == ["hand"]


def test_prune_keeps_what_something_else_refers_to(owner: Caller) -> None:
    apply(owner, "teams: [{name: growth}]")
    put(owner, "need", name="n", team="growth")
    answer = apply(owner, "", prune=True)
    assert said(answer) == ["The team 'growth' cannot be removed: the need 'n' refers to it."]
    assert owner.call(DECLARATION_LIST, DeclarationKind("team")).declarations != ()


def test_what_could_not_be_read_is_neither_pruned_nor_missed(owner: Caller) -> None:
    apply(owner, STORY)
    answer = apply(owner, STORY.replace("target: +20%", "target: more"), prune=True)
    assert len(said(answer)) == 1
    assert "removed" not in counted(answer)


def test_what_is_managed_from_code_is_not_changed_by_hand(owner: Caller) -> None:
    apply(owner, STORY, "teams: [{name: growth}]")
    with pytest.raises(NotAllowed, match=r"managed from code \(b.yaml\)") as refused:
        put(owner, "team", name="growth", title="Mine")
    assert "upshot apply" in refused.value.hint
    for operation in (DECLARATION_REMOVE, DECLARATION_RESTORE):
        with pytest.raises((NotAllowed, InvalidInput)):
            owner.call(operation, DeclarationRef("team", "growth"))
    apply(owner, STORY, "teams: [{name: growth, title: G}]")
    with pytest.raises(NotAllowed):
        owner.call(DECLARATION_RESTORE, DeclarationRef("team", "growth"))


def test_code_takes_over_what_was_made_by_hand_and_says_so(owner: Caller) -> None:
    put(owner, "team", name="growth")
    answer = apply(owner, "teams: [{name: growth}]")
    assert answer.changes[0].fields == (FieldChange("managed", "hand", "code"),)
    (view,) = owner.call(DECLARATION_LIST, DeclarationKind("team")).declarations
    assert (view.managed, view.source, view.version) == ("code", "a.yaml", 2)


def test_decision_cannot_be_changed_from_code(owner: Caller) -> None:
    decision = "decisions: [{name: d, launch: saved-songs, choice: keep, by: ann, at: 2026-05-01}]"
    apply(owner, STORY, decision)
    answer = apply(owner, STORY, decision.replace("keep", "iterate"))
    assert said(answer) == ["The decision 'd' cannot be changed; add another one beside it."]


def test_put_by_hand_answers_with_the_diff_or_the_wrong_fields(owner: Caller) -> None:
    assert counted(put(owner, "team", name="growth", cost_a_day=600)) == {"added": ["team growth"]}
    answer = put(owner, "team", 1, name="growth", cost_a_day=700)
    assert answer.changes[0].fields == (FieldChange("cost_a_day", "600", "700"),)
    wrong = put(owner, "team", name="growth", cost_a_da="x")
    assert [(p.where, p.suggestions) for p in wrong.problems] == [("cost_a_da", ("cost_a_day",))]
    dangling = put(owner, "need", name="n", team="grow")
    assert [(p.where, p.suggestions) for p in dangling.problems] == [("team", ("growth",))]
    with pytest.raises(InvalidInput, match="changed meanwhile"):
        put(owner, "team", 1, name="growth", cost_a_day=800)
    with pytest.raises(NotFound, match="no kind named 'teem'"):
        put(owner, "teem", name="growth")
    with pytest.raises(InvalidInput, match="no JSON"):
        owner.call(DECLARATION_PUT, DeclarationPut("team", msgspec.Raw(b"{")))


def test_put_by_hand_seals_what_an_output_expects(owner: Caller, workspace: LocalWorkspace) -> None:
    put(owner, "output", name="o", expects=["events +5% within 30d"])
    put(owner, "output", name="o", expects=["events +9% within 30d"])
    assert [seal.expectation for seal in workspace.resources.catalog.conclusions.seals()] == [
        "events +5% within 30d",
        "events +9% within 30d",
    ]


def test_change_by_hand_can_be_undone_and_so_can_a_removal(owner: Caller) -> None:
    put(owner, "team", name="growth", title="First")
    put(owner, "team", name="growth", title="Second")
    undone = owner.call(DECLARATION_RESTORE, DeclarationRef("team", "growth", 2))
    assert undone.changes[0].fields == (FieldChange("title", "Second", "First"),)
    with pytest.raises(InvalidInput, match="changed meanwhile"):
        owner.call(DECLARATION_RESTORE, DeclarationRef("team", "growth", 2))
    assert counted(owner.call(DECLARATION_REMOVE, DeclarationRef("team", "growth"))) == {"removed": ["team growth"]}
    assert owner.call(DECLARATION_LIST, DeclarationKind("team")).declarations == ()
    owner.call(DECLARATION_RESTORE, DeclarationRef("team", "growth"))
    history = owner.call(DECLARATION_HISTORY, DeclarationRef("team", "growth")).declarations
    assert [(view.version, view.removed, view.yaml) for view in history] == [
        (1, False, "name: growth\ntitle: First\n"),
        (2, False, "name: growth\ntitle: Second\n"),
        (3, False, "name: growth\ntitle: First\n"),
        (4, True, "name: growth\ntitle: First\n"),
        (5, False, "name: growth\ntitle: First\n"),
    ]
    assert msgspec.json.decode(history[-1].body) == {"name": "growth", "title": "First"}
    with pytest.raises(NotFound):
        owner.call(DECLARATION_HISTORY, DeclarationRef("team", "nobody"))


def test_thousands_of_declarations_are_applied_at_once(owner: Caller, workspace: LocalWorkspace) -> None:
    rows = "".join(f"- {{name: o{n}, expects: events +5% within 30d}}\n" for n in range(2000))
    launches = "".join(f"- {{name: l{n}, at: 2020-01-01, outputs: o{n}}}\n" for n in range(2000))
    apply(owner, f"outputs:\n{rows}launches:\n{launches}")
    declarations = workspace.resources.catalog.declarations
    assert list(declarations.current(Output)) == [f"o{n}" for n in range(2000)]
    assert len(declarations.current(Launch)) == 2000
