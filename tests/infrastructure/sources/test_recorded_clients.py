"""What real clients send, line by line, comes to what its `means` says."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from domain.items import Kind
from domain.references import Reference
from infrastructure.sources.heard import Delivery, Heard, Listed, NotUnderstood, Removed, Said
from infrastructure.sources.kinds import hear
from tests.infrastructure.sources.shapes import looks_like

_DATA = Path(__file__).parents[4] / "shared" / "data" / "clients"
_FILES = {
    "plex": "plex-webhooks",
    "jellyfin": "jellyfin-webhook",
    "emby": "emby-webhooks",
    "tautulli": "tautulli",
    "kodi": "kodi-jsonrpc",
}
_TYPES = {"catalog": Listed, "hide": Removed}
_SERVER = "the server"
"""What `means` has for the device of a mark that names none."""

pytestmark = pytest.mark.skipif(
    not all((_DATA / f"{name}.ndjson").exists() for name in _FILES.values()),
    reason=f"what real clients send isn't in {_DATA}",
)


def lines(kind: str) -> list[dict[str, Any]]:
    text = (_DATA / f"{_FILES[kind]}.ndjson").read_text()
    return [json.loads(line) for line in text.splitlines()]


def delivery(line: dict[str, Any]) -> Delivery:
    """The request as it came, byte for byte where those are there."""
    if "body_base64" in line:
        body = base64.b64decode(line["body_base64"])
    else:
        sent = line["body"]
        body = (sent if isinstance(sent, str) else json.dumps(sent)).encode()
    return Delivery(line["headers"]["Content-Type"], body)


def named(item: Reference) -> str:
    if item.kind is Kind.MOVIE:
        return f"{item.title} ({item.year})"
    assert item.show is not None
    if item.kind is Kind.SEASON:
        return f"{item.show.title} season {item.season}"
    return f"{item.show.title} S{item.season:02}E{item.episode:02}"


def assert_means(heard: Heard, means: Any) -> None:
    if isinstance(means, str):
        assert means.startswith("nothing")
        assert list(heard.things) == []
        assert heard.why_ignored
        return
    (found,) = heard.things
    assert named(found.reference) == means["item"]
    assert means.get("ids", {}).items() <= found.reference.ids.items()
    if means["type"] in _TYPES:
        assert isinstance(found, _TYPES[means["type"]])
        return
    assert isinstance(found, Said)
    assert found.type == means["type"]
    assert found.account.name == means.get("user", found.account.name)
    if found.type == "progress":
        asked = (means["played_seconds"], means["duration_seconds"])
        assert (found.played_seconds, found.duration_seconds) == asked
    device = means.get("device")
    if device == _SERVER:
        assert found.player is None
    elif device is not None:
        # Plex's films, of another account, mean no device; yet they name the player, as does
        # every other line, and it is said on that.
        assert found.player is not None
        assert found.player.key == device


@pytest.mark.parametrize("kind", ["plex", "jellyfin", "emby", "tautulli"])
def test_every_line_comes_to_what_it_means(kind: str) -> None:
    sent = lines(kind)
    assert sent
    for line in sent:
        assert_means(hear(kind, delivery(line)), line["means"])
        assert looks_like(delivery(line)) == kind


def test_a_film_that_means_no_device_names_its_player_all_the_same() -> None:
    watched = [line for line in lines("plex") if isinstance(line["means"], dict)]
    odd = [line for line in watched if line["means"].get("device", "") is None]
    assert odd
    for line in odd:
        (found,) = hear("plex", delivery(line)).things
        assert isinstance(found, Said)
        assert found.player is not None
        assert found.player.key == line["body"]["Player"]["uuid"]


_ASKED = -1
"""The last line is what to ask Kodi, and what it answers."""


def test_kodi_alone_names_its_librarys_numbers_and_is_told_what_to_do() -> None:
    for line in lines("kodi")[:_ASKED]:
        heard = hear("kodi", delivery(line))
        assert list(heard.things) == []
        assert heard.why_ignored is not None
        assert ("library's number" in heard.why_ignored) is (line["means"] != "nothing more")


def test_kodi_with_what_it_answers_comes_to_what_it_means() -> None:
    details, properties = lines("kodi")[_ASKED]["answer"]
    for line in lines("kodi")[:_ASKED]:
        means = line["means"]
        if not isinstance(means, dict) or not means["item"].startswith("episode"):
            continue
        value = {**line["body"], "details": details, "properties": properties}
        (found,) = hear("kodi", Delivery("application/json", json.dumps(value).encode())).things
        assert isinstance(found, Said)
        assert named(found.reference) == "Sherlock S01E03"
        assert found.type == means["type"].replace("lookup", "progress")
        if found.type == "progress":
            assert found.played_seconds == means.get("played_seconds", pytest.approx(2.12))
            assert found.duration_seconds == 5360


def test_what_kodi_is_asked_is_no_notification() -> None:
    with pytest.raises(NotUnderstood, match="no object"):
        hear("kodi", delivery(lines("kodi")[_ASKED]))
