"""A service pulls at intervals; whatever becomes of a pull, it goes on and says so."""

from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event
from time import monotonic

import pytest
from structlog.testing import capture_logs

from domain.commands import PutSource
from domain.events import SourceKind
from infrastructure.pulling.schedule import pulled_every
from infrastructure.services import Services
from tests.helpers.pulled_servers import Answer, Asked, Plex, serving
from tests.infrastructure.pulling.conftest import write_addresses
from tests.infrastructure.pulling.ledger import there

pytestmark = pytest.mark.parametrize("backend", ["sqlite"])
_WAIT_SECONDS = 30
_HOURS = 0.0001


@pytest.fixture
def plex(services: Services, tmp_path: Path) -> Iterator[Plex]:
    """A server with a film, which is a source with an address."""
    plex = Plex()
    plex.film("41", "Nosferatu", ["imdb://tt0013442"])
    services.sources.put("plex", PutSource(kind=SourceKind.PLEX, accounts={"1": "ada"}))
    with serving(plex) as url:
        write_addresses(tmp_path / "pull.ini", plex=url, stranger=url)
        yield plex


def asked_for(times: int) -> tuple[Event, Callable[[Asked, Answer], None]]:
    """What is set once the server has been asked so often what it is."""
    count, reached = 0, Event()

    def see(asked: Asked, _answer: Answer) -> None:
        nonlocal count
        count += asked.path == "/accounts"
        if count >= times:
            reached.set()

    return reached, see


def test_it_pulls_at_once_and_again(services: Services, plex: Plex) -> None:
    reached, plex.mishap = asked_for(2)
    with capture_logs() as logs, pulled_every(_HOURS, services.puller):
        assert reached.wait(_WAIT_SECONDS)
    assert there(services) == ["movie:plex.41"]
    assert {(each["event"], each["source"]) for each in logs} == {("pulled", "plex")}


def test_one_that_fails_is_told_and_the_next_goes_well(services: Services, plex: Plex) -> None:
    reached, see = asked_for(1)
    failed = Event()

    def fail_once(asked: Asked, answer: Answer) -> Answer | None:
        see(asked, answer)
        if failed.is_set():
            return None
        failed.set()
        return Answer("", status=500)

    plex.mishap = fail_once
    with capture_logs() as logs, pulled_every(_HOURS, services.puller):
        assert reached.wait(_WAIT_SECONDS)
    assert logs[0]["event"] == "pull_failed"
    assert "answers 500" in logs[0]["reason"]
    assert there(services) == ["movie:plex.41"]


def test_a_file_that_cant_be_used_is_told(services: Services, plex: Plex, tmp_path: Path) -> None:
    (tmp_path / "pull.ini").chmod(0o644)
    with capture_logs() as logs, pulled_every(1, services.puller):
        pass
    assert "others may read it" in logs[0]["reason"]
    assert plex.asked == []


def test_a_service_that_ends_doesnt_wait_for_the_next(services: Services, plex: Plex) -> None:
    started_at = monotonic()
    with pulled_every(100, services.puller):
        pass
    assert monotonic() - started_at < _WAIT_SECONDS
    assert plex.sections


def test_it_is_off_unless_set(services: Services, plex: Plex) -> None:
    with pulled_every(services.settings.pull_hours, services.puller):
        pass
    assert plex.asked == []
