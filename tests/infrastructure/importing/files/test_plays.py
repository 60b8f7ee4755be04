"""A play's time and id: what is certain is kept, what can't be true is told."""

from datetime import UTC, datetime
from typing import Any

import pytest

from infrastructure.commands.submissions import Submission
from infrastructure.importing.files.plays import Unusable, moment_of, submission_of
from infrastructure.importing.files.said import Called, Said

NOW = datetime(2026, 1, 31, 20, 0, tzinfo=UTC)


def _submission(named: Called, watched_at: Any = "2024-01-01", **more: Any) -> Submission:
    said = Said("line 2", "movie", named, watched_at=watched_at, **more)
    return submission_of(said, "trakt", "import.trakt.ada", "ada", NOW)


@pytest.mark.parametrize(
    ("said", "moment"),
    [
        ("2024-05-01T20:00:00.123Z", datetime(2024, 5, 1, 20, tzinfo=UTC)),
        ("2024-05-01 22:00:00+02:00", datetime(2024, 5, 1, 20, tzinfo=UTC)),
        ("2024-05-01 20:00:00", datetime(2024, 5, 1, 20, tzinfo=UTC)),
        ("2024-05-01", datetime(2024, 5, 1, 12, tzinfo=UTC)),
        *((unknown, None) for unknown in ("", " ", None, "unknown")),
        ("1970-01-01T00:00:00.000Z", None),
        ("1970-01-01", None),
    ],
)
def test_a_time_a_day_and_none_are_understood(said: Any, moment: datetime | None) -> None:
    assert moment_of(said, NOW) == moment


@pytest.mark.parametrize(
    "said", ["yesterday", "2024-02-30", "2027-01-01", "0001-01-01T00:00:00+10:00", 1714593600, [1]]
)
def test_a_time_that_is_none_or_cant_be_is_told(said: Any) -> None:
    with pytest.raises(Unusable):
        moment_of(said, NOW)


def test_a_play_without_a_time_is_undated() -> None:
    event = _submission(Called({"trakt": 1}), None).event
    assert getattr(event, "undated", None) is True
    assert event.occurred_at is None


def test_the_id_stays_when_titles_are_put_right_and_ids_are_added() -> None:
    before = _submission(Called({"trakt": 1}, "Alein", 1979))
    after = _submission(Called({"trakt": "1", "tmdb": 348}, "Alien", "1979"))
    assert before.id == after.id
    assert _submission(Called({"trakt": 1}, "Alein"), "2024-01-02").id != before.id
    assert _submission(Called({"trakt": 2}, "Alein")).id != before.id


@pytest.mark.parametrize(
    "named",
    [Called({}), Called({}, "Alien", "soon"), Called({"imdb": "tt\x00"}), Called({"imdb": 1.5})],
)
def test_what_names_nothing_is_told(named: Called) -> None:
    with pytest.raises(Unusable):
        _submission(named)


@pytest.mark.parametrize("more", [{"item": "film:x"}, {"id": "4711"}])
def test_a_wrong_mend_is_told(more: dict[str, str]) -> None:
    with pytest.raises(Unusable):
        _submission(Called({}, "Alien"), **more)
