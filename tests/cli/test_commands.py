"""Each command in this process: what it prints, and its exit code."""

import csv
import io
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from upshot.cli.app import EXIT_INTERNAL, EXIT_INTERRUPTED, EXIT_USAGE, EXIT_USER, main

Captured = pytest.CaptureFixture[str]


def run(capsys: Captured, folder: Path, *words: str) -> tuple[int, str, str]:
    """Exit code, standard output, standard error."""
    code = main([*words, "--workspace", str(folder)])
    caught = capsys.readouterr()
    return code, caught.out, caught.err


# JSON of any shape
def run_json(capsys: Captured, folder: Path, *words: str) -> Any:
    code, out, err = run(capsys, folder, *words, "--json")
    assert (code, err) == (0, "")
    return msgspec.json.decode(out)


def test_init_makes_a_workspace_once(tmp_path: Path, capsys: Captured) -> None:
    folder = tmp_path / "new"
    options = ("--time-zone", "Asia/Tokyo", "--currency", "JPY", "--name", 'Say "hi"')
    assert main(["init", str(folder), *options, "--json"]) == 0
    assert msgspec.json.decode(capsys.readouterr().out)["time_zone"] == "Asia/Tokyo"
    assert run_json(capsys, folder, "doctor")["findings"]
    values = {s["key"]: s["value"] for s in run_json(capsys, folder, "settings")["settings"]}
    assert values["workspace.name"] == '"Say \\"hi\\""'
    code, _, err = run(capsys, folder, "init")
    assert (code, err.splitlines()[0]) == (EXIT_USER, f"{folder} is a workspace already.")


def test_init_of_an_unknown_zone_leaves_nothing(tmp_path: Path, capsys: Captured) -> None:
    code, _, err = run(capsys, tmp_path / "new", "init", "--time-zone", "Europe/Berlim")
    assert code == EXIT_USER
    assert err.startswith("There is no time zone named 'Europe/Berlim'.\nDid you mean 'Europe/Berlin'")
    assert not (tmp_path / "new").exists()


def test_command_without_a_workspace_says_how_to_make_one(tmp_path: Path, capsys: Captured) -> None:
    code, out, err = run(capsys, tmp_path, "metric", "list")
    assert (code, out) == (EXIT_USER, "")
    assert err.splitlines() == [
        f"There is no workspace named '{tmp_path}'.",
        f"Make one with `upshot init {tmp_path}`.",
    ]


def test_workspace_comes_from_the_environment_and_the_folder(
    folder: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("UPSHOT_WORKSPACE", str(folder))
    assert main(["data", "events"]) == 0
    monkeypatch.delenv("UPSHOT_WORKSPACE")
    assert main(["data", "events"]) == EXIT_USER
    monkeypatch.chdir(folder)
    assert main(["data", "events"]) == 0
    assert "purchase" in capsys.readouterr().out


def test_error_for_programs_is_json(folder: Path, capsys: Captured) -> None:
    code, out, err = run(capsys, folder, "metric", "show", "evnts", "--json")
    assert (code, out) == (EXIT_USER, "")
    assert msgspec.json.decode(err) == {
        "error": {
            "code": "not_found",
            "message": "There is no metric named 'evnts'.",
            "hint": "Did you mean 'events'?",
        }
    }


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("metrik", "list"), "metrik"),
        (("metric", "list", "--jso"), "--jso"),
        (("metric", "query", "events", "--by", "hour"), "hour"),
        (("metric", "show"), "NAME"),
        (("access", "add", "zoe", "--role", "king"), "king"),
    ],
)
def test_wrong_usage_is_two_lines(folder: Path, capsys: Captured, words: tuple[str, ...], said: str) -> None:
    code, out, err = run(capsys, folder, *words)
    assert (code, out) == (EXIT_USAGE, "")
    assert said in err.splitlines()[0]
    assert err.splitlines()[1].startswith("`upshot ")
    assert len(err.splitlines()) == 2


def test_defect_is_told_as_one(folder: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr("upshot.workspace.doctor.examine", fail)
    code, _, err = run(capsys, folder, "doctor")
    assert code == EXIT_INTERNAL
    assert "RuntimeError: broken" in err
    assert err.splitlines()[-1] == "This is a defect; please report the lines above."


def test_interrupt_ends_without_a_traceback(folder: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("upshot.workspace.doctor.examine", interrupt)
    assert run(capsys, folder, "doctor") == (EXIT_INTERRUPTED, "", "Interrupted.\n")


def test_version_names_the_parts(capsys: Captured) -> None:
    assert main(["version", "--json"]) == 0
    assert msgspec.json.decode(capsys.readouterr().out)["python"] == ".".join(map(str, sys.version_info[:3]))


def test_metric_query_as_a_table_as_json_and_as_csv(folder: Path, capsys: Captured) -> None:
    words = ("metric", "query", "events", "--from", "2024-01-01", "--to", "2024-01-21", "--by", "week")
    code, out, _ = run(capsys, folder, *words)
    assert code == 0
    assert [line.split()[-1] for line in out.splitlines() if "week" in line and line.startswith("2024")] == [
        "3",
        "2",
        "1*",
    ]
    assert "* not complete: the data end inside." in out
    assert [p["value"] for p in run_json(capsys, folder, *words)["points"]] == [3.0, 2.0, 1.0]
    _, out, _ = run(capsys, folder, *words, "--csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert [(r["period"], r["value"], r["complete"]) for r in rows] == [
        ("2024-01-01", "3.0", "true"),
        ("2024-01-08", "2.0", "true"),
        ("2024-01-15", "1.0", "false"),
    ]


def test_metric_query_breaks_down_filters_and_compares(folder: Path, capsys: Captured) -> None:
    words = ("metric", "query", "events", "--from", "2024-01-08", "--to", "2024-01-14", "--by", "week")
    code, out, _ = run(capsys, folder, *words, "--breakdown", "country", "--where", "amount > 0")
    assert code == 0
    assert "DE" in out
    _, out, _ = run(capsys, folder, *words, "--compare", "previous", "--csv")
    (row,) = csv.DictReader(io.StringIO(out))
    assert (row["value"], row["previous_period"], row["previous_value"]) == ("2.0", "2024-01-01", "3.0")
    _, out, _ = run(capsys, folder, *words, "--compare", "previous")
    assert "−33.3%" in out
    _, out, _ = run(capsys, folder, *words, "--breakdown", "country", "--csv", "--compare", "previous")
    assert next(csv.DictReader(io.StringIO(out)))["country"] == "DE"


def test_metric_query_without_dates_ends_with_the_data(folder: Path, capsys: Captured) -> None:
    points = run_json(capsys, folder, "metric", "query", "events", "--by", "month")["points"]
    assert (len(points), points[-1]["period"], points[-1]["value"]) == (12, "2024-01-01", 6.0)


def test_metric_query_shows_its_sql(folder: Path, capsys: Captured) -> None:
    _, out, _ = run(capsys, folder, "metric", "query", "events", "--sql")
    assert out.startswith("SELECT")


def test_metric_query_of_no_day_is_refused(folder: Path, capsys: Captured) -> None:
    code, _, err = run(capsys, folder, "metric", "query", "events", "--from", "yesterday")
    assert (code, err.splitlines()[0]) == (EXIT_USER, "'yesterday' is not a day.")


def test_metric_retention_marks_what_is_cut_off(folder: Path, capsys: Captured) -> None:
    words = ("metric", "retention", "--from", "2024-01-01", "--to", "2024-01-21", "--by", "week")
    _, out, _ = run(capsys, folder, *words)
    assert "2024-01-01 week ‹" in out
    assert "50.0%" in out
    _, counts, _ = run(capsys, folder, *words, "--counts")
    assert "50.0%" not in counts


def test_metric_apply_reads_the_workspaces_files(folder: Path, capsys: Captured) -> None:
    code, _, err = run(capsys, folder, "metric", "apply")
    assert (code, "There is no file in" in err) == (EXIT_USER, True)
    (folder / "metrics" / "shop.yaml").write_text("name: revenue\ntype: revenue\nevent: purchase\nvalue: amount\n")
    _, out, _ = run(capsys, folder, "metric", "apply", "--dry-run")
    assert out == "would be added  revenue\n"
    _, out, _ = run(capsys, folder, "metric", "apply")
    assert out == "added  revenue\n"
    _, out, _ = run(capsys, folder, "metric", "query", "revenue", "--by", "month")
    assert "€136.50" in out
    _, out, _ = run(capsys, folder, "metric", "show", "revenue")
    assert "value: amount" in out


def test_metric_apply_shows_every_problem_with_its_line(folder: Path, tmp_path: Path, capsys: Captured) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text("metrics:\n- name: a\n  type: cuont\n- name: b\n  type: sum\n  event: x\n")
    code, out, _ = run(capsys, folder, "metric", "apply", str(file))
    assert code == EXIT_USER
    assert "bad.yaml:3: " in out
    assert "'count'" in out
    code, _, err = run(capsys, folder, "metric", "apply", str(tmp_path / "none.yaml"))
    assert (code, "cannot be read" in err) == (EXIT_USER, True)


def test_data_commands_show_what_is_held(folder: Path, capsys: Captured) -> None:
    _, out, _ = run(capsys, folder, "data", "events")
    assert [line.split()[0:4] for line in out.splitlines() if "UTC" in line] == [
        ["purchase", "5", "2", "1"],
        ["visit", "1", "1", "0"],
    ]
    _, out, _ = run(capsys, folder, "data", "properties", "purchase")
    assert "country" in out
    assert run(capsys, folder, "data", "rejects")[1] == "No row was rejected.\n"
    assert run_json(capsys, folder, "data", "rejects") == {"rejects": [], "total": 0}


def test_facts_refresh_leaves_no_dirty_day(folder: Path, capsys: Captured) -> None:
    levels = {f["check"]: f["level"] for f in run_json(capsys, folder, "doctor")["findings"]}
    assert levels["facts"] == "warning"
    assert run(capsys, folder, "facts", "refresh")[1] == "All facts are fresh.\n"
    levels = {f["check"]: f["level"] for f in run_json(capsys, folder, "doctor")["findings"]}
    assert set(levels.values()) == {"ok"}


def test_access_is_given_shown_and_taken(folder: Path, capsys: Captured) -> None:
    assert "Nobody" in run(capsys, folder, "access", "list")[1]
    token = run_json(capsys, folder, "access", "add", "zoe", "--role", "editor")["token"]
    _, out, _ = run(capsys, folder, "access", "list")
    assert "zoe" in out
    assert token not in out
    assert run(capsys, folder, "access", "revoke", "zoe")[1] == "zoe has no access any more.\n"


def test_settings_show_where_each_value_is_from(
    folder: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UPSHOT_CATALOG_URL", "")
    monkeypatch.setenv("UPSHOT_SERVER_PORT", "99")
    rows = {s["key"]: s for s in run_json(capsys, folder, "settings")["settings"]}
    assert (rows["server.port"]["value"], rows["server.port"]["origin"]) == ("99", "UPSHOT_SERVER_PORT")
    assert rows["workspace.currency"]["origin"] == "upshot.toml"
    assert rows["server.host"]["origin"] == "default"


def test_settings_that_are_wrong_are_told_by_doctor(folder: Path, capsys: Captured) -> None:
    (folder / "upshot.toml").write_text("[server]\nport = 'x'\n")
    code, out, _ = run(capsys, folder, "doctor")
    assert code == EXIT_USER
    assert "ERROR   settings: The setting server.port" in out


def test_workspace_in_another_zone_is_refused(folder: Path, capsys: Captured) -> None:
    toml = folder / "upshot.toml"
    toml.write_text(toml.read_text().replace("Europe/Berlin", "UTC"))
    code, _, err = run(capsys, folder, "data", "events")
    assert code == EXIT_USER
    assert "Europe/Berlin" in err


def test_store_that_is_damaged_is_told_by_doctor(folder: Path, capsys: Captured) -> None:
    (folder / "events.duckdb").write_bytes(b"\x00" * 4096)
    code, out, _ = run(capsys, folder, "doctor")
    assert code == EXIT_USER
    assert "ERROR   workspace: " in out
    assert (folder / "events.duckdb").read_bytes() == b"\x00" * 4096
