"""The commands for whoever runs a service, and the pages that are made of its settings."""

import json
from pathlib import Path

import pytest

from infrastructure.settings.guide import as_environment_file, as_markdown, explained
from infrastructure.settings.settings import Settings
from tests.infrastructure.cli.shell import Run

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("backend", ["sqlite"])
def test_the_doctor_says_what_it_finds_and_ends_with_1_if_something_is_wrong(run: Run) -> None:
    told = run("doctor").output
    assert "database" in told
    assert "problem" not in told
    checks = json.loads(run("doctor", "--json").output)["checks"]
    assert {
        "name": "thresholds",
        "state": "ok",
        "detail": "0.05, 0.9, 300 s and 900 s, as projected.",
    } in checks
    wrong = run("doctor", "--database-url", "sqlite:////nowhere/x.db", exit_code=1).output
    assert "There is no database there" in wrong


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_backup_is_made_and_restored_and_verified(
    run: Run, ada: list[str], tmp_path: Path
) -> None:
    target = str(tmp_path / "backup.db")
    assert "checked" in run("backup", target).stderr
    assert "is there already" in run("backup", target, exit_code=1).stderr
    there = ("--database-url", f"sqlite:///{target}")
    run("verify", *there)
    for cduid in ada:
        assert cduid in run("device-user", "list", *there).output


@pytest.mark.parametrize("backend", ["sqlite"])
def test_every_setting_is_listed_with_what_it_is_unless_set(run: Run) -> None:
    listed = json.loads(run("settings", "--json").output)["settings"]
    assert [each["option"] for each in listed] == [
        f"--{name.replace('_', '-')}" for name in Settings.model_fields
    ]
    port = next(each for each in listed if each["variable"] == "WATCHLEDGER_PORT")
    assert port["default"] == "8470"
    assert all(each["description"].endswith(".") for each in listed)
    assert "WATCHLEDGER_PORT" in run("settings").output
    assert run("settings", "--format", "markdown").output == as_markdown(explained())


def test_the_file_of_settings_that_is_shipped_is_made_of_their_model() -> None:
    shipped = (ROOT / "packaging" / "watchledger.env").read_text(encoding="utf-8")
    assert shipped == as_environment_file(explained())


def test_the_readmes_table_of_settings_is_made_of_their_model() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert as_markdown(explained()) in readme
