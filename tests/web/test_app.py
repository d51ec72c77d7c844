"""The application as a whole."""

import subprocess
import sys

from litestar.testing import TestClient

from tests.web.conftest import Served
from upshot.web.app import create_app
from upshot.web.served import ServedWorkspace
from upshot.workspace.local import LocalWorkspace


def open_to_nobody(workspace: ServedWorkspace) -> bool:
    """Type-checked: a local workspace is what the web asks for."""
    return not workspace.is_open


def test_start_of_the_server_loads_nothing_heavy() -> None:
    heavy = "{'ibis', 'pyarrow', 'pandas', 'scipy', 'numpy', 'py_mini_racer', 'resvg_py'}"
    program = f"import sys, upshot.web.app; print(sorted({heavy} & set(sys.modules)))"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


def test_local_workspace_is_what_the_web_needs(served: Served) -> None:
    assert isinstance(served.workspace, LocalWorkspace)
    assert not open_to_nobody(served.workspace)


def test_defect_is_said_without_its_details(served: Served) -> None:
    """The clock of this application is broken; nothing of that reaches the browser."""

    def broken(zone: object) -> None:
        raise RuntimeError(f"secret detail {zone}")

    app = create_app(served.workspace, served.workspace.settings, clock=broken)  # type: ignore[arg-type]  # broken
    token = {"Authorization": f"Bearer {served.workspace.server_token}", "Host": "localhost"}
    with TestClient(app.litestar, raise_server_exceptions=False) as client:
        answer = client.get("/", headers=token)
    assert answer.status_code == 500
    assert "Something went wrong inside Upshot." in answer.text
    assert "secret detail" not in answer.text
