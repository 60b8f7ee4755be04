"""Where servers are and by what token they answer stands in a file for its owner alone."""

from pathlib import Path

import pytest

from infrastructure.pulling.addresses import address_of
from infrastructure.pulling.problems import PullProblem

GOOD = "[plex]\nurl = https://attic.example:32400/\ntoken = 50%-hush\n"


def written(tmp_path: Path, text: str, mode: int = 0o600) -> Path:
    path = tmp_path / "pull.ini"
    path.write_text(text)
    path.chmod(mode)
    return path


def test_an_address_is_read_and_doesnt_show_its_token(tmp_path: Path) -> None:
    address = address_of("plex", written(tmp_path, GOOD))
    assert (address.url, address.token) == ("https://attic.example:32400", "50%-hush")
    assert "hush" not in f"{address} {address!r}"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660])
def test_a_file_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    with pytest.raises(PullProblem, match=r"others may read it\. .* chmod 600"):
        address_of("plex", written(tmp_path, GOOD, mode))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[other]\nurl = http://x\n", r"has no section \[plex\]"),
        ("[plex]\ntoken = hush\n", "url must be as"),
        ("[plex]\nurl = attic:32400\ntoken = hush\n", "url must be as"),
        ("[plex]\nurl = http://attic\ntoken = hüsh\n", "visible ASCII"),
        ("[plex]\nurl = http://attic\npassword = hush\n", "password isn't known"),
        ("hush\n", "isn't understood"),
        ("[plex]\nhush\n", "isn't understood"),
        ("[plex]\nurl = http://a\n[plex]\ntoken = hush\n", "isn't understood"),
    ],
)
def test_what_is_wrong_is_told_without_a_token(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(PullProblem, match=why) as raised:
        address_of("plex", written(tmp_path, text))
    assert "hush" not in str(raised.value).lower()


def test_without_a_file_its_told_how_to_write_one(tmp_path: Path) -> None:
    with pytest.raises(PullProblem, match="WATCHLEDGER_PULL_FILE"):
        address_of("plex", None)
    with pytest.raises(PullProblem, match="can't be read: No such file"):
        address_of("plex", tmp_path / "none.ini")
