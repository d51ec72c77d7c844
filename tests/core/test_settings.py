from pathlib import Path

import pytest

from upshot.core.errors import InvalidInput, NotFound
from upshot.core.settings import SETTINGS_FILE, load_settings, setting_table


def written(folder: Path, text: str) -> Path:
    (folder / SETTINGS_FILE).write_text(text, encoding="utf-8")
    return folder


def test_settings_without_a_file_are_the_defaults(tmp_path: Path) -> None:
    loaded = load_settings(tmp_path, {})
    assert loaded.settings.server.host == "127.0.0.1"
    assert loaded.origins == {}


def test_settings_later_layers_win(tmp_path: Path) -> None:
    folder = written(tmp_path, "[server]\nport = 1\nhost = 'a'\nallowed_hosts = ['x']\n")
    environment = {"UPSHOT_SERVER_PORT": "2", "UPSHOT_SERVER_ALLOWED_HOSTS": "y, z"}
    loaded = load_settings(folder, environment, {"server.port": 3, "server.host": None})
    assert (loaded.settings.server.port, loaded.settings.server.host) == (3, "a")
    assert loaded.settings.server.allowed_hosts == ("y", "z")
    assert loaded.origins == {
        "server.port": "flag",
        "server.host": SETTINGS_FILE,
        "server.allowed_hosts": "UPSHOT_SERVER_ALLOWED_HOSTS",
    }


def test_settings_read_a_secret_from_a_file_and_never_show_it(tmp_path: Path) -> None:
    secret = tmp_path / "url"
    secret.write_text("postgresql://u:p@h/n\n", encoding="utf-8")
    loaded = load_settings(tmp_path, {"UPSHOT_CATALOG_URL_FILE": str(secret)})
    assert loaded.settings.catalog.url == "postgresql://u:p@h/n"
    assert "p@h" not in loaded.shown("catalog.url")


def test_settings_refuse_a_variable_beside_its_file(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="Both UPSHOT_CATALOG_URL and UPSHOT_CATALOG_URL_FILE"):
        load_settings(tmp_path, {"UPSHOT_CATALOG_URL": "a", "UPSHOT_CATALOG_URL_FILE": "b"})


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("[server]\nprot = 1\n", "'server.port'"),
        ("[sevrer]\nport = 1\n", "'server'"),
        ("[workspace]\ntime_zone = 'Europe/Berlim'\n", "'Europe/Berlin'"),
    ],
)
def test_settings_mistyped_name_gets_the_nearest(tmp_path: Path, text: str, hint: str) -> None:
    with pytest.raises(NotFound) as caught:
        load_settings(written(tmp_path, text), {})
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[server]\nport = 'x'\n", "The setting server.port from upshot.toml"),
        ("[server]\nport = 70000\n", "65535"),
        ("server = 1\n", "is not a section"),
        ("[server\n", "is not valid TOML"),
    ],
)
def test_settings_value_outside_of_its_range_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        load_settings(written(tmp_path, text), {})


def test_settings_error_about_a_secret_does_not_show_it(tmp_path: Path) -> None:
    folder = written(tmp_path, "[catalog]\nurl = 12345\n")
    with pytest.raises(InvalidInput) as caught:
        load_settings(folder, {})
    assert "12345" not in str(caught.value)


def test_setting_table_describes_each_setting() -> None:
    rows = setting_table()
    assert len({row.key for row in rows}) == len(rows)
    assert all(row.description.endswith(".") for row in rows)
    assert [row.key for row in rows if row.secret] == ["catalog.url"]
