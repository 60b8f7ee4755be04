"""A file system that is mounted read-only is told as such, and not as a missing database."""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from infrastructure.bootstrap import opened
from infrastructure.cli.main import app
from infrastructure.database.engine import make_engine, read_transaction, write_transaction
from infrastructure.database.problems import DatabaseReadOnly
from infrastructure.settings.settings import Settings, load_settings
from tests.helpers.api import Api, problem, served


def _mount(*arguments: str) -> bool:
    with suppress(FileNotFoundError):
        done = subprocess.run(["mount", *arguments], capture_output=True, check=False)  # noqa: S603, S607
        return done.returncode == 0
    return False


@pytest.fixture
def remount(tmp_path: Path) -> Iterator[Callable[[str], None]]:
    """Mounts the directory `there` as it is told: `ro` or `rw`."""
    there = tmp_path / "there"
    there.mkdir()
    if not _mount("-t", "tmpfs", "-o", "size=32m", "tmpfs", str(there)):
        pytest.skip("a file system can be mounted by root only")
    yield lambda how: _remount(there, how)
    subprocess.run(["umount", "--lazy", str(there)], check=True)  # noqa: S603, S607


def _remount(directory: Path, how: str) -> None:
    assert _mount("-o", f"remount,{how}", str(directory))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings({"data_dir": tmp_path / "there", "admin_token": "the-admin"})


def test_whoever_reads_or_writes_is_told(
    remount: Callable[[str], None], settings: Settings
) -> None:
    with opened(settings, projects=False):
        pass
    remount("ro")
    engine = make_engine(settings.url)
    for transaction in (read_transaction, write_transaction):
        with (
            pytest.raises(
                DatabaseReadOnly, match="lies on a file system that is mounted read-only"
            ),
            transaction(engine) as connection,
        ):
            connection.execute(text("SELECT 1 FROM bookmark")).all()
    engine.dispose()


def test_whoever_calls_is_told_and_so_are_those_who_look_after_it(
    remount: Callable[[str], None], settings: Settings
) -> None:
    with opened(settings, projects=False) as services, served(services) as address:
        services.engine.dispose()
        remount("ro")
        api = Api(address, "the-admin", services)
        try:
            assert problem(api.admin.get("/v1/history")) == (503, "database_read_only")
            assert api.admin.get("/readyz").json()["database"] == "database_read_only"
        finally:
            api.close()
            remount("rw")


def test_commands_say_so(
    remount: Callable[[str], None], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(settings, projects=False):
        pass
    remount("ro")
    monkeypatch.setenv("WATCHLEDGER_DATA_DIR", str(settings.data_dir))
    for command in (["watched", "tv"], ["doctor"], ["migrate"], ["verify"]):
        told = CliRunner().invoke(app, command)
        assert told.exit_code, command
        assert "its file system is mounted read-only" in told.output, command
        assert "no database" not in told.output, command
