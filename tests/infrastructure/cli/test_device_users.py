"""Device users from the command line: registering, settings, tokens."""

import json

import pytest

from tests.infrastructure.cli.shell import Run


def shown(run: Run, cduid: str) -> dict[str, object]:
    found: dict[str, object] = json.loads(run("device-user", "show", cduid, "--json").stdout)
    return found


def test_registering_prints_the_token_and_nothing_else(run: Run) -> None:
    result = run("device-user", "add", "ada-tv", "--user", "ada", "--device", "tv")
    assert result.stdout.startswith("ada-tv.")
    assert result.stdout.count("\n") == 1
    assert "shown only now" in result.stderr
    again = run("device-user", "add", "ada-tv", "--user", "ada", "--device", "tv")
    assert again.stdout == ""
    assert "registered already" in again.stderr


def test_a_device_user_does_not_change_hands(run: Run, ada: list[str]) -> None:
    result = run("device-user", "add", ada[0], "--user", "ben", "--device", "tv", exit_code=1)
    assert "ada-tv is ada on tv and stays so" in result.stderr


def test_settings_change_and_are_shown(run: Run, ada: list[str]) -> None:
    run("device-user", "rename", ada[0], "Living room")
    run("device-user", "set-mode", ada[0], "silent")
    found = shown(run, ada[0])
    assert found["display_name"] == "Living room"
    assert found["isolation_mode"] == "silo"
    assert found["watch_group"] == "cduid:ada-tv"
    assert "Living room" in run("device-user", "show", ada[0]).stdout


def test_tokens_are_rotated_and_revoked(run: Run, ada: list[str]) -> None:
    token = run("device-user", "rotate-token", ada[0]).stdout.strip()
    assert token.startswith("ada-tv.")
    assert shown(run, ada[0])["has_token"] is True
    run("device-user", "revoke-token", ada[0])
    assert shown(run, ada[0])["has_token"] is False


def test_device_users_are_listed(run: Run, ada: list[str]) -> None:
    run("device-user", "add", "ben-tv", "--user", "ben", "--device", "tv")
    listed = json.loads(run("device-user", "list", "--json").stdout)
    assert [each["cduid"] for each in listed["items"]] == ["ada-phone", "ada-tv", "ben-tv"]
    table = run("device-user", "list", "--user", "ada").stdout
    assert "ada-phone" in table
    assert "ben-tv" not in table
    assert ada


def test_where_nobody_is_registered_the_list_says_so(run: Run) -> None:
    assert "There is none." in run("device-user", "list").stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["show", "nobody"],
        ["set-mode", "nobody", "loud"],
        ["rename", "nobody", "x"],
        ["rotate-token", "nobody"],
        ["revoke-token", "nobody"],
        ["reassign", "nobody", "--user", "ben"],
        ["retire", "nobody"],
        ["reinstate", "nobody"],
    ],
)
def test_an_unknown_device_user_is_refused(run: Run, arguments: list[str]) -> None:
    result = run("device-user", *arguments, exit_code=1)
    assert result.stderr.startswith("Error: ")
    assert "nobody" in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize(
    "arguments",
    [
        ["add", "a b", "--user", "ada", "--device", "tv"],
        ["add", "ada-tv", "--user", "ada", "--device", "no/device"],
        ["add", "ada-tv", "--user", "ada"],
        ["add", "ada-tv", "--user", "ada", "--device", "tv", "--isolation-mode", "deaf"],
        ["add", "ada-tv", "--user", "ada", "--device", "tv", "--display-name", "a\x00b"],
        ["set-mode", "ada-tv", "deaf"],
    ],
)
def test_misuse_is_told_before_anything_is_recorded(run: Run, arguments: list[str]) -> None:
    assert run("device-user", *arguments, exit_code=2).stderr
    assert json.loads(run("device-user", "list", "--json").stdout) == {"items": []}


def test_one_is_given_to_another_user(run: Run, ada: list[str]) -> None:
    run("device-user", "reassign", ada[0], "--user", "ben")
    assert shown(run, ada[0])["user"] == "ben"
    assert shown(run, ada[0])["has_token"] is True
    listed = json.loads(run("device-user", "list", "--user", "ben", "--json").stdout)
    assert [each["cduid"] for each in listed["items"]] == [ada[0]]


def test_one_is_retired_and_comes_back_with_a_new_token(run: Run, ada: list[str]) -> None:
    run("device-user", "retire", ada[0])
    assert ada[0] not in run("device-user", "list").stdout
    assert ada[0] in run("device-user", "list", "--retired").stdout
    assert run("device-user", "reinstate", ada[0]).stdout.startswith(f"{ada[0]}.")
    assert shown(run, ada[0])["retired"] is False
    assert run("device-user", "reinstate", ada[0]).stdout == ""
