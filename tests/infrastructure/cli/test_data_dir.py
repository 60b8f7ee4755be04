"""The data directory: only what begins a ledger makes one, and what may not be used is named."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from infrastructure.cli.main import app

_NOBODY = 65534

MAKERS = [
    ["migrate"],
    ["device-user", "add", "ada-tv", "--user", "ada", "--device", "tv"],
    ["import", "events", "-"],
    ["import", "catalog", "-"],
]
OTHERS = [
    ["watched", "ada-tv"],
    ["item", "ada-tv", "movie:m"],
    ["next-up", "ada-tv"],
    ["history"],
    ["why", "ada-tv", "movie:m"],
    ["stats"],
    ["device-user", "list"],
    ["device-user", "show", "ada-tv"],
    ["device-user", "set-mode", "ada-tv", "silo"],
    ["device-user", "rename", "ada-tv", "TV"],
    ["device-user", "rotate-token", "ada-tv"],
    ["device-user", "revoke-token", "ada-tv"],
    ["project"],
    ["rebuild"],
    ["verify"],
    ["checkpoint"],
    ["export"],
    ["backup", "copy.db"],
    ["doctor"],
]


def invoke(directory: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, [*arguments, "--data-dir", str(directory)], input=b"")


@pytest.mark.parametrize("command", OTHERS, ids=" ".join)
def test_a_mistyped_data_directory_is_not_made(tmp_path: Path, command: list[str]) -> None:
    mistyped = tmp_path / "watchledgre"
    result = invoke(mistyped, *command)
    assert result.exit_code == 1, result.output
    assert not mistyped.exists()
    said = " ".join(result.output.split())
    assert f"There is no database there: nothing is at {mistyped}/watchledger.db." in said
    assert "`watchledger serve` or `watchledger migrate` makes a new one" in said


@pytest.mark.parametrize("command", MAKERS, ids=" ".join)
def test_what_begins_a_ledger_makes_the_data_directory(tmp_path: Path, command: list[str]) -> None:
    result = invoke(tmp_path / "new", *command)
    assert result.exit_code == 0, result.output
    assert (tmp_path / "new" / "watchledger.db").exists()


def test_a_whole_ledger_is_taken_into_a_new_data_directory(tmp_path: Path) -> None:
    exported = str(tmp_path / "ledger.ndjson")
    invoke(tmp_path / "old", "device-user", "add", "ada-tv", "--user", "ada", "--device", "tv")
    invoke(tmp_path / "old", "export", "--out", exported)
    assert invoke(tmp_path / "new", "import", "ledger", exported).exit_code == 0
    assert "ada-tv" in invoke(tmp_path / "new", "device-user", "list").stdout


def test_changing_what_is_elsewhere_makes_no_data_directory(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    invoke(tmp_path / "new", "device-user", "add", "ada-tv", "--user", "ada", "--device", "tv")
    shutil.copy(tmp_path / "new" / "watchledger.db", tmp_path / "ledger.db")
    other = tmp_path / "other"
    result = invoke(other, "device-user", "set-mode", "ada-tv", "silo", "--database-url", url)
    assert result.exit_code == 0, result.output
    assert not other.exists()


@contextmanager
def as_somebody() -> Iterator[None]:
    """Root may do everything; anybody else is somebody already."""
    if os.geteuid():
        yield
        return
    os.seteuid(_NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def directory() -> Iterator[Path]:
    """A data directory with a ledger in it, where somebody may go, and whose it is."""
    # Not below pytest's own directory, which is root's alone.
    path = Path(tempfile.mkdtemp(prefix="watchledger-data-"))
    assert invoke(path, "device-user", "add", "ada-tv", "--user", "ada", "--device", "tv")
    assert invoke(path, "doctor").exit_code == 0  # and what it needs is loaded by whoever may
    for each in (path, *path.iterdir()):
        os.chown(each, _NOBODY if os.geteuid() == 0 else os.geteuid(), -1)
    yield path
    path.chmod(0o700)
    shutil.rmtree(path)


def refused(directory: Path, *command: str) -> str:
    """What is said to somebody whose command is refused, on one line."""
    with as_somebody():
        result = invoke(directory, *command)
    assert result.exit_code in {1, 2}, result.output
    assert "Traceback" not in result.output
    return " ".join(result.output.split())


READS = ["watched", "ada-tv"]
CHANGES = ["device-user", "add", "ben-tv", "--user", "ben", "--device", "tv"]


@pytest.mark.skipif(os.name != "posix", reason="there are no modes")
@pytest.mark.parametrize("command", [READS, CHANGES, ["serve", "--port", "0"]], ids=" ".join)
def test_a_data_directory_that_cannot_be_entered_is_named(
    directory: Path, command: list[str]
) -> None:
    directory.chmod(0o600)
    said = refused(directory, *command)
    assert f"{directory} lacks search permission for user " in said
    assert "token" not in said


@pytest.mark.skipif(os.name != "posix", reason="there are no modes")
@pytest.mark.parametrize("command", [READS, CHANGES, ["serve", "--port", "0"]], ids=" ".join)
def test_a_data_directory_that_cannot_be_written_is_named(
    directory: Path, command: list[str]
) -> None:
    (directory / "admin-token").unlink()
    directory.chmod(0o500)
    said = refused(directory, *command)
    assert f"{directory} lacks write permission for user " in said
    assert "(it is of mode 0500 and user " in said
    assert "token" not in said


@pytest.mark.skipif(os.name != "posix", reason="there are no modes")
@pytest.mark.parametrize("command", [READS, CHANGES], ids=" ".join)
def test_a_database_file_that_cannot_be_read_is_named(directory: Path, command: list[str]) -> None:
    (directory / "watchledger.db").chmod(0o000)
    said = refused(directory, *command)
    assert f"{directory}/watchledger.db lacks read permission for user " in said


@pytest.mark.skipif(os.name != "posix", reason="there are no modes")
def test_a_token_file_that_cannot_be_read_is_named(directory: Path) -> None:
    (directory / "admin-token").chmod(0o000)
    said = refused(directory, "serve", "--port", "0")
    assert f"{directory}/admin-token lacks read permission for user " in said


@pytest.mark.skipif(os.name != "posix", reason="there are no modes")
def test_a_parent_where_nothing_can_be_made_is_named(directory: Path) -> None:
    directory.chmod(0o500)
    said = refused(directory / "new", *CHANGES)
    assert f"The data directory {directory}/new can't be made" in said
    assert f"{directory} lacks write permission for user " in said


@pytest.mark.skipif(os.name != "posix", reason="there are no modes")
@pytest.mark.parametrize("mode", [0o600, 0o500])
def test_the_doctor_names_the_permission_that_is_lacking(directory: Path, mode: int) -> None:
    directory.chmod(mode)
    said = refused(directory, "doctor")
    lacking = "search" if mode == 0o600 else "write"
    assert f"{directory} lacks {lacking} permission for user " in said
