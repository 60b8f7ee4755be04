"""Settings: from the environment or from options, and refused by name."""

import os
import stat
from pathlib import Path

import pytest

from infrastructure.commands.tokens import admin_token
from infrastructure.settings.settings import SettingsProblem, load_settings


@pytest.fixture(autouse=True)
def _without_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith("WATCHLEDGER_"):
            monkeypatch.delenv(name)


def refused(monkeypatch: pytest.MonkeyPatch, **environment: str) -> str:
    """What is said of an environment that is refused."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsProblem) as problem:
        load_settings()
    return str(problem.value)


def test_without_any_setting_the_service_is_this_machines_own(tmp_path: Path) -> None:
    settings = load_settings({"data_dir": tmp_path})
    assert (settings.host, settings.port) == ("127.0.0.1", 8470)
    assert settings.url == f"sqlite:///{tmp_path}/watchledger.db"
    assert (settings.progress_low, settings.progress_high) == (0.05, 0.90)
    assert settings.sqlite_synchronous == "FULL"
    assert settings.body_size_max_bytes == 8 * 1024 * 1024


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHLEDGER_PORT", "9000")
    monkeypatch.setenv("watchledger_host", "0.0.0.0")  # noqa: S104
    settings = load_settings()
    assert (settings.host, settings.port) == ("0.0.0.0", 9000)  # noqa: S104


def test_an_option_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHLEDGER_PORT", "9000")
    assert load_settings({"port": 9001, "host": None}).port == 9001


def test_a_setting_that_is_not_known_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    message = refused(monkeypatch, WATCHLEDGER_DATABSE_URL="sqlite:///x")
    assert message.startswith("WATCHLEDGER_DATABSE_URL: no such setting.")
    assert "WATCHLEDGER_DATABASE_URL" in message


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("PORT", "99999", "should be less than or equal to 65535"),
        ("PORT", "web", "should be a valid integer"),
        ("DATABASE_URL", "mysql://x/y", "names a database that isn't supported"),
        ("DATABASE_URL", "nonsense", "is no database URL"),
        ("ADMIN_TOKEN", "", "must be visible ASCII characters"),
        ("ADMIN_TOKEN", "with a space", "must be visible ASCII characters"),
        ("PROGRESS_LOW", "0.95", "progress_low must be less than progress_high"),
        ("PULL_HOURS", "6", "pull_hours needs pull_file"),
        ("PROGRESS_HIGH", "nan", "PROGRESS_HIGH"),
        ("SQLITE_SYNCHRONOUS", "SOMETIMES", "should be 'OFF', 'NORMAL', 'FULL' or 'EXTRA'"),
        ("PAGE_SIZE", "0", "should be greater than or equal to 1"),
        ("DATA_DIR", "", "is empty; name a directory"),
    ],
)
def test_a_value_that_makes_no_sense_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, reason: str
) -> None:
    message = refused(monkeypatch, **{f"WATCHLEDGER_{name}": value})
    assert reason in message
    assert name in message.upper()


def test_an_option_is_refused_by_its_own_name() -> None:
    with pytest.raises(SettingsProblem, match="--port: should be less"):
        load_settings({"port": 70_000})


def test_a_refused_value_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    message = refused(monkeypatch, WATCHLEDGER_DATABASE_URL="oracle://ann:hunter2@host/db")
    assert "hunter2" not in message


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_postgresql_may_be_written_as_hosts_write_it(scheme: str) -> None:
    settings = load_settings({"database_url": f"{scheme}://ann@host/db"})
    assert settings.url.startswith("postgresql")


def test_secrets_do_not_show_where_settings_are_printed() -> None:
    settings = load_settings(
        {"admin_token": "hunter2", "database_url": "postgresql://ann:hunter3@host/db"}
    )
    assert "hunter" not in repr(settings)


def test_an_admin_token_is_made_kept_and_readable_by_its_owner_only(tmp_path: Path) -> None:
    settings = load_settings({"data_dir": tmp_path / "new"})
    made = admin_token(settings)
    assert made.path == tmp_path / "new" / "admin-token"
    assert stat.S_IMODE(made.path.stat().st_mode) == 0o600
    assert admin_token(settings) == made
    assert [path.name for path in made.path.parent.iterdir()] == ["admin-token"]


def test_the_admin_token_of_the_settings_is_kept_nowhere(tmp_path: Path) -> None:
    settings = load_settings({"data_dir": tmp_path / "new", "admin_token": "mine"})
    assert admin_token(settings) == ("mine", None)
    assert not (tmp_path / "new").exists()


def test_an_empty_token_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "admin-token").touch()
    with pytest.raises(SettingsProblem, match="is empty"):
        admin_token(load_settings({"data_dir": tmp_path}))


def test_a_data_directory_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SettingsProblem, match="can't be made: Not a directory"):
        admin_token(load_settings({"data_dir": tmp_path / "file" / "below"}))
