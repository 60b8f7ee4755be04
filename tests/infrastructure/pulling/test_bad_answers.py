"""Whatever a server answers that is no answer is told with what to do, and hides nothing."""

import socket
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from domain.events import SourceKind
from domain.source import Source
from infrastructure.pulling import connection
from infrastructure.pulling.addresses import Address
from infrastructure.pulling.listed import Reader
from infrastructure.pulling.problems import PullProblem
from infrastructure.pulling.readers import reading
from infrastructure.services import Services
from tests.helpers.pulled_servers import (
    TOKEN,
    Answer,
    Asked,
    Jellyfin,
    Kodi,
    MediaServer,
    Plex,
    serving,
)
from tests.infrastructure.pulling.conftest import Pull
from tests.infrastructure.pulling.ledger import there

MISHAPS: dict[str, tuple[Answer, str]] = {
    "401": (Answer("", status=401), r"refuses the token \(401\)"),
    "403": (Answer("", status=403), r"refuses the token \(403\)"),
    "500": (Answer("oh no", status=500), "answers 500"),
    "a page": (Answer("<html>hi</html>", "text/html"), "isn't understood, such as a web page"),
    "nonsense": (Answer("{", "application/json"), "isn't understood"),
    "nothing": (Answer("", "application/json"), "isn't understood"),
    "another shape": (Answer("[1]", "application/json"), "isn't understood"),
    "a redirect": (
        Answer("", status=302, headers={"Location": "http://127.0.0.1:1/elsewhere"}),
        "sends to another address",
    ),
    "half an answer": (
        Answer('{"Items": [', headers={"Content-Length": "5000"}),
        "broke off in the middle",
    ),
}
CERTIFICATE = Path(__file__).with_name("attic.pem")
SERVERS: dict[str, type[MediaServer]] = {"plex": Plex, "jellyfin": Jellyfin, "kodi": Kodi}


@pytest.mark.parametrize("name", MISHAPS)
@pytest.mark.parametrize("kind", SERVERS)
@pytest.mark.parametrize("backend", ["sqlite"])
def test_each_mishap_is_told_in_words_and_without_the_token(
    kind: str, name: str, pull: Pull, services: Services, caplog: pytest.LogCaptureFixture
) -> None:
    answer, told = MISHAPS[name]
    server = SERVERS[kind]()
    server.mishap = lambda _asked, _answer: answer
    caplog.set_level("DEBUG")
    with capture_logs() as logs, pytest.raises(PullProblem, match=told) as raised:
        pull(server, "home", fields={"kind": kind})
    assert TOKEN not in f"{raised.value}{logs}{caplog.text}"
    assert there(services) == []


def filled() -> Plex:
    plex = Plex()
    for number in range(1, 6):
        plex.film(str(number), f"Film {number}", [f"imdb://tt000000{number}"])
    return plex


@pytest.mark.parametrize("backend", ["sqlite"])
@pytest.mark.parametrize("answer", [each for each, _ in MISHAPS.values()], ids=list(MISHAPS))
def test_a_server_that_fails_halfway_hides_nothing(
    answer: Answer, pull: Pull, services: Services
) -> None:
    plex = filled()
    pull(plex)
    plex.items["1", "1"].pop()
    plex.mishap = lambda asked, _: answer if asked.path == "/library/sections/2/all" else None
    with pytest.raises(PullProblem):
        pull(plex)
    assert "movie:plex.5" in there(services)


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_list_that_ends_before_it_should_hides_nothing(pull: Pull, services: Services) -> None:
    plex = filled()
    pull(plex)
    removed = plex.items["1", "1"].pop()

    def short(asked: Asked, answer: Answer) -> Answer | None:
        if asked.path != "/library/sections/1/all":
            return None
        assert isinstance(answer.body, str)
        return answer._replace(body=answer.body.replace('totalSize="4"', 'totalSize="5"'))

    plex.mishap = short
    with pytest.raises(PullProblem, match=r"says that it has 5 and lists 4\. Nothing was hidden"):
        pull(plex)
    assert f"movie:plex.{removed['ratingKey']}" in there(services)


@pytest.mark.parametrize("backend", ["sqlite"])
def test_two_items_under_one_key_are_told(pull: Pull) -> None:
    plex = filled()
    plex.film("1", "Another", ["imdb://tt9999999"])
    with pytest.raises(PullProblem, match="two different items under the key 1"):
        pull(plex)


@pytest.mark.parametrize("backend", ["sqlite"])
def test_an_item_that_a_page_repeats_is_one(pull: Pull) -> None:
    plex = filled()
    plex.items["1", "1"].append(plex.items["1", "1"][0])
    report = pull(plex)
    assert report.is_whole
    assert report.placed == {"placed": 6}


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_pull_that_was_broken_off_goes_on(pull: Pull, services: Services) -> None:
    plex = filled()
    for film in plex.items["1", "1"]:
        plex.play(film, "1", 1_700_000_000)
    plex.mishap = lambda asked, _: Answer("", status=500) if "history" in asked.path else None
    with pytest.raises(PullProblem):
        pull(plex)
    assert len(there(services)) == 5
    plex.mishap = lambda _asked, _answer: None
    report = pull(plex)
    assert report.placed == {"unchanged": 5}
    assert report.said == {"recorded": 5}


@pytest.mark.parametrize("kind", SERVERS)
def test_nobody_who_answers_is_told(kind: str) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        with pytest.raises(PullProblem, match="can't be reached"), read(kind, url):
            pass


@pytest.mark.parametrize("kind", SERVERS)
def test_a_server_that_says_nothing_is_waited_for_no_longer_than_that(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "TIMEOUT_SECONDS", 0.2)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(PullProblem, match=r"didn't answer within 0\.2 s"), read(kind, url):
            pass


@pytest.mark.parametrize("kind", SERVERS)
def test_a_certificate_that_nobody_trusts_is_told(kind: str) -> None:
    with serving(SERVERS[kind](), CERTIFICATE) as url:
        with pytest.raises(PullProblem, match="certificate that isn't trusted"), read(kind, url):
            pass
        with read(kind, url, str(CERTIFICATE)) as reader:
            assert reader.libraries()


@pytest.mark.parametrize("kind", SERVERS)
def test_a_file_of_certificates_that_isnt_there_is_told(kind: str) -> None:
    with (
        serving(SERVERS[kind](), CERTIFICATE) as url,
        pytest.raises(PullProblem, match=r"none\.pem can't be read as certificates"),
        read(kind, url, "none.pem"),
    ):
        pass


def read(kind: str, url: str, certificates: str | None = None) -> AbstractContextManager[Reader]:
    address = Address(url, TOKEN, certificates=certificates)
    return reading(Source("home", kind=SourceKind(kind)), address)
