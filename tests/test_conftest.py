"""What more than one room's tests stand on."""

import subprocess
import sys
import uuid
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text


@pytest.mark.postgres
def test_postgres_server_answers_after_another_session_of_tests_has_begun(postgres_url: str, tmp_path: Path) -> None:
    # a session sets the modes of the folder that all of a user's sessions share, and the server is another user
    other = tmp_path / "test_other.py"
    other.write_text("def test_other(tmp_path):\n    assert tmp_path.is_dir()\n", encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-c", "/dev/null", "-p", "no:cacheprovider", str(other)]
    subprocess.run(command, check=True, capture_output=True, cwd=tmp_path)

    name = f"later_{uuid.uuid4().hex}"
    engine = create_engine(postgres_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
        held = connection.scalar(text("SELECT count(*) FROM pg_database WHERE datname = :name"), {"name": name})
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    engine.dispose()

    assert held == 1
