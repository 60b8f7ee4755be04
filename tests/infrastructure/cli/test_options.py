"""Settings as options, errors as sentences, and help for everything."""

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from infrastructure.cli.deferring import Deferred
from infrastructure.cli.main import COMMANDS as LISTED
from infrastructure.cli.main import app
from infrastructure.settings.settings import Settings

LOADED = {name: Deferred(name, place, said).loaded() for name, place, said in LISTED}
COMMANDS = [
    [name, *below]
    for name, command in LOADED.items()
    for below in ([[each] for each in getattr(command, "commands", ())] or [[]])
]


def invoke(*arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(app, list(arguments), env={"COLUMNS": "200", **environment})


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_has_help_with_an_example(command: list[str]) -> None:
    result = invoke(*command, "--help")
    assert result.exit_code == 0
    assert f"watchledger {' '.join(command)}" in result.stdout.partition("Example:")[2]


@pytest.mark.parametrize(("name", "said"), [(name, said) for name, _, said in LISTED])
def test_a_command_is_listed_with_what_its_own_help_begins_with(name: str, said: str) -> None:
    own = LOADED[name].help.partition("\n\n")[0]
    assert " ".join(own.split()) == said


def test_help_over_all_commands_loads_neither_the_database_nor_the_web_framework() -> None:
    said = subprocess.run(  # noqa: S603  # our own command
        [sys.executable, "-c", _HELP_AND_MODULES], capture_output=True, text=True, check=True
    ).stdout
    assert "next-up" in said
    loaded = set(said.splitlines()[-1].split())
    assert "typer" in loaded
    assert not loaded & {"sqlalchemy", "psycopg", "alembic", "fastapi", "uvicorn", "httpx"}


_HELP_AND_MODULES = """
import sys
from infrastructure.cli import main
sys.argv = ["watchledger", "--help"]
try:
    main()
except SystemExit:
    print(*sys.modules)
"""


def test_every_setting_is_an_option() -> None:
    text = invoke("--help").stdout
    for name in Settings.model_fields:
        assert f"--{name.replace('_', '-')}" in text


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
def test_a_setting_is_taken_before_and_after_the_command(tmp_path: Path, before: bool) -> None:
    url = f"sqlite:///{tmp_path / 'here.db'}"
    option = ["--database-url", url]
    result = invoke(*option, "migrate") if before else invoke("migrate", *option)
    assert result.exit_code == 0, result.output
    assert (tmp_path / "here.db").exists()


def test_the_option_wins_over_the_environment(tmp_path: Path) -> None:
    env = {"WATCHLEDGER_DATABASE_URL": "nonsense"}
    url = f"sqlite:///{tmp_path / 'here.db'}"
    assert invoke("migrate", "--database-url", url, **env).exit_code == 0
    refused = invoke("migrate", **env)
    assert refused.exit_code == 2
    assert "WATCHLEDGER_DATABASE_URL" in refused.stderr


@pytest.mark.parametrize(
    ("arguments", "environment", "said"),
    [
        (["serve", "--port", "99999"], {}, "--port"),
        (["serve", "--progress-low", "0.95"], {}, "progress_low must be less than"),
        (["migrate", "--log-level", "loud"], {}, "--log-level"),
        (["migrate"], {"WATCHLEDGER_PRT": "1"}, "WATCHLEDGER_PRT: no such setting"),
        (["migrate", "--database-url", "mysql://x/y"], {}, "--database-url"),
        (["migrate", "--colour"], {}, "--colour"),
        (["rewind"], {}, "rewind"),
    ],
)
def test_misuse_is_named(arguments: list[str], environment: dict[str, str], said: str) -> None:
    result = invoke(*arguments, **environment)
    assert result.exit_code == 2
    assert said in result.stderr
    assert "Traceback" not in result.stderr


def test_a_database_that_is_not_there_is_not_made_by_reading(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'none.db'}"
    result = invoke("watched", "ada-tv", "--database-url", url)
    assert result.exit_code == 1
    assert "watchledger migrate" in result.stderr
    assert not (tmp_path / "none.db").exists()


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    path = tmp_path / "text.db"
    path.write_text("no database " * 100, encoding="utf-8")
    result = invoke("watched", "ada-tv", "--database-url", f"sqlite:///{path}")
    assert result.exit_code == 1
    assert "That file is no database" in result.stderr
