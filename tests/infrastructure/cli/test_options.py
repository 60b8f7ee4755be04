"""Settings as options, errors as sentences, and help for everything."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from infrastructure.cli.main import app
from infrastructure.settings.settings import Settings

COMMANDS = [
    *([str(command.name)] for command in app.registered_commands),
    *(
        [str(group.name), str(command.name)]
        for group in app.registered_groups
        for command in (group.typer_instance.registered_commands if group.typer_instance else [])
    ),
]


def invoke(*arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(app, list(arguments), env={"COLUMNS": "200", **environment})


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_has_help_with_an_example(command: list[str]) -> None:
    result = invoke(*command, "--help")
    assert result.exit_code == 0
    assert f"watchledger {' '.join(command)}" in result.stdout.partition("Example:")[2]


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
