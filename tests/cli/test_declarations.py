"""``upshot declaration``: listing, versions, undoing."""

from pathlib import Path

import msgspec
import pytest

from tests.cli.test_declare import Captured, run
from upshot.cli.app import EXIT_USER


def test_shipped_output_is_listed_shown_removed_and_restored(folder: Path, capsys: Captured) -> None:
    run(capsys, folder, "ship", "Cart", "--at", "2026-03-01", "--kind", "upkeep")
    code, out, _ = run(capsys, folder, "declaration", "list", "output")
    assert code == 0
    assert "cart" in out
    assert "shipped" in out
    assert run(capsys, folder, "declaration", "show", "output", "cart")[1] == "name: cart\ntitle: Cart\nkind: upkeep\n"
    code, out, _ = run(capsys, folder, "declaration", "remove", "output", "cart")
    assert code == EXIT_USER
    assert "The output 'cart' cannot be removed: the launch 'cart' refers to it." in out
    assert run(capsys, folder, "declaration", "remove", "launch", "cart")[0] == 0
    code, out, _ = run(capsys, folder, "declaration", "remove", "output", "cart")
    assert out == "- output  cart\n0 added, 0 changed, 1 removed, 0 unchanged.\n"
    code, _, err = run(capsys, folder, "declaration", "show", "output", "cart")
    assert code == EXIT_USER
    assert "declaration restore output cart" in err
    assert run(capsys, folder, "declaration", "restore", "output", "cart")[0] == 0
    code, out, _ = run(capsys, folder, "declaration", "history", "output", "cart", "--json")
    assert [d["removed"] for d in msgspec.json.decode(out)["declarations"]] == [False, True, False]
    assert "removed" in run(capsys, folder, "declaration", "history", "output", "cart")[1]


@pytest.mark.parametrize("words", [("list", "outptu"), ("show", "output", "x"), ("restore", "output", "x")])
def test_what_is_not_there_is_named(folder: Path, capsys: Captured, words: tuple[str, ...]) -> None:
    code, _, err = run(capsys, folder, "declaration", *words)
    assert code == EXIT_USER
    assert "There is no" in err
