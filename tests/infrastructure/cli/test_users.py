"""Users from the command line: what they may see, and erasing them."""

import json

import pytest

from tests.infrastructure.cli.shell import Run


def limits(run: Run, *options: str) -> dict[str, object]:
    found: dict[str, object] = json.loads(run("user", "access", "kid", *options, "--json").stdout)
    return found


def test_nobody_is_limited_until_somebody_says_so(run: Run) -> None:
    run("migrate")
    found = limits(run)
    assert (found["allowed_shelves"], found["allowed_tags"], found["denied_tags"]) == (
        None,
        None,
        [],
    )
    assert "any" in run("user", "access", "kid").stdout


def test_a_limit_that_is_not_given_stays(run: Run) -> None:
    run("migrate")
    limits(run, "--allowed-shelf", "show_shelf:kids", "--denied-tag", "horror")
    found = limits(run, "--allowed-tag", "b", "--allowed-tag", "a", "--none-denied")
    assert found["allowed_shelves"] == ["show_shelf:kids"]
    assert found["allowed_tags"] == ["a", "b"]
    assert found["denied_tags"] == []


def test_limits_are_lifted_by_name(run: Run) -> None:
    run("migrate")
    assert limits(run, "--nothing", "--allowed-tag", "a")["allowed_shelves"] == []
    found = limits(run, "--any-shelf", "--any-tag")
    assert (found["allowed_shelves"], found["allowed_tags"]) == (None, None)


def test_what_nothing_matches_is_warned_of(run: Run) -> None:
    run("migrate")
    result = run("user", "access", "kid", "--allowed-shelf", "show_shelf:kids")
    assert "the catalog has no show_shelf:kids" in result.stderr


@pytest.mark.parametrize(
    "options",
    [
        ["--allowed-shelf", "kids"],
        ["--allowed-shelf", "show_shelf:kids", "--any-shelf"],
        ["--denied-tag", "a", "--none-denied"],
        ["--allowed-tag", "a\x00b"],
    ],
)
def test_misuse_is_told_before_anything_is_recorded(run: Run, options: list[str]) -> None:
    run("migrate")
    assert run("user", "access", "kid", *options, exit_code=2).stderr
    assert limits(run)["allowed_shelves"] is None


def test_a_user_is_erased_and_told_where_more_may_be(run: Run, ada: list[str]) -> None:
    result = run("user", "erase", "ada", "--confirm", "ada")
    assert "Erased 4 events" in result.stdout
    assert "Backups" in result.stderr
    assert json.loads(run("device-user", "list", "--retired", "--json").stdout) == {"items": []}
    assert "whole" in run("verify").stdout
    run("device-user", "add", ada[0], "--user", "ada", "--device", "tv")
    again = json.loads(run("user", "erase", "ada", "--confirm", "ada", "--json").stdout)
    assert (again["events"], again["is_compacted"]) == (2, True)


def test_nobody_is_erased_by_mistake(run: Run, ada: list[str]) -> None:
    run("user", "erase", "ada", "--confirm", "ben", exit_code=2)
    run("user", "erase", "ada", exit_code=2)
    assert "no user ben" in run("user", "erase", "ben", "--confirm", "ben", exit_code=1).stderr
    assert ada[0] in run("device-user", "list").stdout
