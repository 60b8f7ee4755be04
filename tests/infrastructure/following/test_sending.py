"""Events on their way: in order, once, and never lost, whatever answers or doesn't."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from infrastructure.following import clock, sending
from infrastructure.following.sending import Sender, Unanswered
from infrastructure.following.spool import BATCH_MAX, Spool
from tests.infrastructure.following.ledger import TOKEN, Ledger, ledger


class _Desk:
    """A spool and its sender, and what was told on the terminal."""

    def __init__(self, directory: Path, url: str) -> None:
        self.told: list[str] = []
        self.token = directory / "token"
        self.token.write_text(TOKEN)
        self.spool = Spool(directory / "spool")
        self._url = url

    def keep(self, *numbers: int, name: str = "film.mkv") -> None:
        for each in numbers:
            self.spool.keep(name, {"id": str(each), "type": "progress"})

    def run(self, work: Callable[[Sender], Awaitable[None]]) -> None:
        async def main() -> None:
            await work(Sender(self.spool, self._url, self.token, self.told.append))

        asyncio.run(main())

    def flush(self) -> None:
        self.run(Sender.flush)


@pytest.fixture
def stand_in() -> Iterator[Ledger]:
    with ledger() as found:
        yield found


@pytest.fixture
def desk(stand_in: Ledger, tmp_path: Path) -> Iterator[_Desk]:
    desk = _Desk(tmp_path, stand_in.url)
    with closing(desk.spool):
        yield desk


def _ids(stand_in: Ledger) -> list[int]:
    return [int(each["id"]) for each in stand_in.recorded]


def test_all_is_sent_in_order_and_in_batches(desk: _Desk, stand_in: Ledger) -> None:
    numbers = range(BATCH_MAX + 10)
    desk.keep(*numbers)
    desk.flush()
    assert _ids(stand_in) == list(numbers)
    assert len(desk.spool) == 0
    assert len(stand_in.sent_at) == 2
    assert all(datetime.fromisoformat(each).tzinfo for each in stand_in.sent_at)
    assert stand_in.tokens == {f"Bearer {TOKEN}"}


def test_what_was_kept_before_the_clock_was_set_is_sent_by_the_clock_as_it_was(
    desk: _Desk, stand_in: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    day_seconds = 86_400.0
    really = time.time
    monkeypatch.setattr(time, "time", lambda: really() - day_seconds)
    desk.keep(1, 2)
    monkeypatch.undo()
    desk.keep(3)
    desk.flush()
    assert _ids(stand_in) == [1, 2, 3]
    behind = [really() - datetime.fromisoformat(each).timestamp() for each in stand_in.sent_at]
    assert behind == [pytest.approx(day_seconds, abs=10), pytest.approx(0, abs=10)]


def test_what_was_kept_before_the_machine_was_started_anew_is_sent_by_todays_clock(
    desk: _Desk, stand_in: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "_boot", lambda: "the start before")
    desk.keep(1)
    monkeypatch.undo()
    desk.keep(2)
    desk.flush()
    assert _ids(stand_in) == [1, 2]
    behind = [time.time() - datetime.fromisoformat(each).timestamp() for each in stand_in.sent_at]
    assert behind == [pytest.approx(0, abs=10)] * 2


def test_an_answer_that_was_lost_leads_to_duplicates_and_to_nothing_else(
    desk: _Desk, stand_in: Ledger
) -> None:
    desk.keep(1, 2)
    stand_in.hangs_up_after_recording = True
    with pytest.raises(Unanswered):
        desk.flush()
    stand_in.hangs_up_after_recording = False
    desk.keep(3)
    desk.flush()
    assert _ids(stand_in) == [1, 2, 3]
    assert stand_in.duplicates >= 2
    assert not stand_in.contradicted
    assert len(desk.spool) == 0


def test_a_ledger_that_was_away_gets_all_once_it_is_back(desk: _Desk, stand_in: Ledger) -> None:
    desk.keep(1)
    stand_in.closes()

    async def work(sender: Sender) -> None:
        running = asyncio.create_task(sender.run())
        await _until(lambda: bool(desk.told))
        sender.keep("film.mkv", {"id": "2", "type": "progress"})
        stand_in.opens()
        await _until(lambda: not len(desk.spool))
        sender.keep("film.mkv", {"id": "3", "type": "progress"})
        await _until(lambda: not len(desk.spool))
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running

    desk.run(work)
    assert _ids(stand_in) == [1, 2, 3]
    assert len(desk.told) == 2
    assert "(1 so far)" in desk.told[0]
    assert desk.told[1] == "The ledger answers again."


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((401, b'{"detail": "The token is void."}'), "401: The token is void."),
        ((500, b"oops"), "500: oops"),
        ((200, b"<html>Please log in</html>"), "not as a ledger does"),
        ((200, b"[]"), "not as a ledger does"),
        ((200, b'{"results": [{}]}'), "not as a ledger does"),
        ((200, b'{"results": [{"id": "9", "status": "recorded"}]}'), "not as a ledger does"),
        ((302, b""), "302"),
    ],
)
def test_what_is_no_answer_of_a_ledger_loses_nothing(
    desk: _Desk, stand_in: Ledger, answer: tuple[int, bytes], said: str
) -> None:
    desk.keep(1)
    stand_in.answers = lambda _: answer
    with pytest.raises(Unanswered, match=said):
        desk.flush()
    assert len(desk.spool) == 1


def test_a_token_file_that_is_gone_for_a_moment_loses_nothing(
    desk: _Desk, stand_in: Ledger
) -> None:
    desk.keep(1)
    desk.token.unlink()
    with pytest.raises(Unanswered, match="token"):
        desk.flush()
    desk.token.write_text("another-token\n")
    desk.flush()
    assert stand_in.tokens == {"Bearer another-token"}


def test_what_is_refused_is_told_and_holds_nothing_up(desk: _Desk, stand_in: Ledger) -> None:
    _refuses(stand_in, "2", "invalid_event", "That makes no sense.")
    desk.keep(1, 2, 3)
    desk.flush()
    assert _ids(stand_in) == [1, 3]
    assert len(desk.spool) == 0
    assert desk.told == ["film.mkv isn't recorded: That makes no sense."]


@pytest.mark.parametrize("code", ["unresolved", "ambiguous"])
def test_what_is_unresolved_is_told_once_for_each_file_and_kept(
    desk: _Desk, stand_in: Ledger, code: str
) -> None:
    stand_in.error_of = lambda _: {"code": code, "detail": "No such film."}
    desk.keep(1, 2)
    desk.keep(3, name="other.mkv")
    desk.flush()
    assert desk.told == [
        "film.mkv isn't recorded: No such film. It is tried again for a week.",
        "other.mkv isn't recorded: No such film. It is tried again for a week.",
    ]
    assert len(desk.spool) == 3
    desk.flush()
    assert len(stand_in.sent_at) == 1


def test_a_token_of_no_device_user_loses_nothing(desk: _Desk, stand_in: Ledger) -> None:
    stand_in.error_of = lambda _: {"code": "cduid_missing", "detail": "Send a cduid."}
    desk.keep(1)
    with pytest.raises(Unanswered, match="The token is of no device user"):
        desk.flush()
    assert len(desk.spool) == 1


def test_it_asks_ever_more_rarely_and_heeds_when_it_may_again(
    desk: _Desk, stand_in: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.keep(1)
    stand_in.answers = lambda _: (503, json.dumps({"detail": "Busy."}).encode())
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 9:
            raise TimeoutError

    monkeypatch.setattr(sending.asyncio, "sleep", sleep)  # type: ignore[attr-defined]
    monkeypatch.setattr(sending, "uniform", lambda _, most: most)
    with pytest.raises(TimeoutError):
        desk.run(Sender.run)
    assert waited == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert len(desk.told) == 1


def _refuses(stand_in: Ledger, id_: str, code: str, detail: str) -> None:
    def error_of(event: dict[str, Any]) -> dict[str, Any] | None:
        return {"code": code, "detail": detail} if event["id"] == id_ else None

    stand_in.error_of = error_of


async def _until(is_so: Callable[[], bool]) -> None:
    while not is_so():  # noqa: ASYNC110  # the stand-in runs in another thread
        await asyncio.sleep(0.01)
