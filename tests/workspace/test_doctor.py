from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from upshot.api.metrics import METRIC_APPLY, MetricApply
from upshot.api.operation import LOCAL_OWNER
from upshot.api.state import Finding
from upshot.core.settings import SETTINGS_FILE, load_settings
from upshot.workspace.doctor import examine
from upshot.workspace.local import LocalWorkspace
from upshot.workspace.lockfile import LOCK_FILE, ServerLock, write_lock


def found(folder: Path) -> dict[str, Finding]:
    """The worst finding of each check."""
    return {finding.check: finding for finding in examine(folder, {}).findings}


def test_doctor_of_a_fresh_workspace_is_content(folder: Path) -> None:
    with LocalWorkspace.open(folder, load_settings(folder, {})) as workspace:
        workspace.resources.store.refresh_facts()
    findings = examine(folder, {})
    assert findings.healthy
    assert {f.check for f in findings.findings} == {
        "disk",
        "settings",
        "server",
        "store",
        "facts",
        "catalog",
        "time zone",
        "metrics",
        "rejects",
        "access",
    }
    assert {f.level for f in findings.findings} == {"ok"}


def test_doctor_without_a_workspace_says_how_to_make_one(tmp_path: Path) -> None:
    findings = examine(tmp_path, {})
    assert not findings.healthy
    assert found(tmp_path)["settings"].hint == f"Make one with `upshot init {tmp_path}`."


def test_doctor_names_metrics_whose_events_never_came(folder: Path) -> None:
    with LocalWorkspace.open(folder, load_settings(folder, {})) as workspace:
        yaml = "{name: m, type: count, event: [purchase, purchas]}"
        workspace.acting_as(LOCAL_OWNER).call(METRIC_APPLY, MetricApply(yaml))
    finding = found(folder)["metrics"]
    assert (finding.level, finding.hint) == ("warning", "Did you mean 'purchase'?")
    assert "'purchas', which never came in" in finding.message


@pytest.mark.parametrize(("free", "level"), [(10_000_000, "error"), (500_000_000, "warning"), (50_000_000_000, "ok")])
def test_doctor_looks_at_the_room_on_the_disk(
    folder: Path, monkeypatch: pytest.MonkeyPatch, free: int, level: str
) -> None:
    # a disk of a given size cannot be had in a test
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=free))
    assert found(folder)["disk"].level == level


def test_doctor_tells_a_server_that_is_gone_from_a_damaged_file(folder: Path) -> None:
    write_lock(folder, ServerLock(2**22 + 1, "http://127.0.0.1:1", "x", datetime(2024, 1, 1, tzinfo=UTC), "0"))
    assert "was left by a server that is gone" in found(folder)["server"].message
    (folder / LOCK_FILE).write_text("{")
    assert "is damaged" in found(folder)["server"].message


def test_doctor_tells_a_damaged_catalog(folder: Path) -> None:
    for name in ("catalog.sqlite", "catalog.sqlite-wal", "catalog.sqlite-shm"):
        (folder / name).unlink(missing_ok=True)
    (folder / "catalog.sqlite").write_bytes(b"no database" * 100)
    finding = found(folder)["workspace"]
    assert finding.level == "error"
    assert "catalog" in finding.message


def test_doctor_tells_another_zone(folder: Path) -> None:
    text = (folder / SETTINGS_FILE).read_text()
    (folder / SETTINGS_FILE).write_text(text.replace("Europe/Berlin", "Asia/Tokyo"))
    finding = found(folder)["workspace"]
    assert finding.level == "error"
    assert "Europe/Berlin" in finding.message
