"""A server that is pulled and tells by its hook, too, is heard once, whichever came first."""

import asyncio
import json
from time import time

from infrastructure.bootstrap import projector_of
from infrastructure.services import Services
from infrastructure.sources.heard import Delivery
from tests.helpers.media_servers import PLEX_EPISODE, PLEX_FILM, Json, plex
from tests.helpers.pulled_servers import Plex
from tests.infrastructure.pulling.conftest import Pull
from tests.infrastructure.pulling.ledger import catalog, there, told

FILM = "movie:plex.41"


def deliver(services: Services, payload: Json) -> str:
    delivery = Delivery("application/json", json.dumps(payload).encode())
    source = services.sources.named("plex")
    return asyncio.run(services.taker.take(source, delivery)).status


def server() -> Plex:
    """A server with the film and the episode that the hooks tell of."""
    server = Plex()
    guids = [each["id"] for each in PLEX_FILM["Guid"]]
    server.film("41", "Nosferatu", guids, duration=PLEX_FILM["duration"])
    server.episode("77", 1, 2, Guid=[each["id"] for each in PLEX_EPISODE["Guid"]])
    return server


def plays(services: Services) -> int:
    """How many plays of the film ada's account has."""
    projector_of(services.settings, services.engine).catch_up()
    with services.reader.snapshot("plex.1") as snapshot:
        return len(snapshot.viewer("plex.1").plays(FILM))


def test_what_a_hook_tells_after_a_pull_is_of_what_was_pulled(
    pull: Pull, services: Services
) -> None:
    pull(server())
    version = catalog(services).version
    assert deliver(services, plex("media.scrobble")) == "taken"
    assert deliver(services, plex("media.scrobble", PLEX_EPISODE)) == "taken"
    assert [item for _, _, item in told(services)] == [FILM, "episode:plex.77"]
    assert catalog(services).version == version


def test_what_a_hook_had_placed_gives_way_to_what_is_pulled(pull: Pull, services: Services) -> None:
    pull(Plex())
    deliver(services, plex("media.scrobble"))
    [stood_in] = [each for each in there(services) if each.startswith("movie:")]
    assert pull(server()).is_whole
    assert stood_in not in there(services)
    assert set(catalog(services).work(FILM)) == {FILM, stood_in}


def test_a_play_that_both_tell_of_is_one(pull: Pull, services: Services) -> None:
    attic = server()
    pull(attic)
    deliver(services, plex("media.scrobble"))
    film = attic.items["1", "1"][0]
    now = int(time())
    attic.play(film, "1", now)
    film |= {"viewCount": 1, "lastViewedAt": now}
    assert pull(attic).said == {"recorded": 1}
    assert plays(services) == 1
