"""Rules 8 and 26: how far a progress has come, whatever the player knows of it."""

import pytest

from domain.events import Details
from tests.reference.examples import ALIEN, TV, after, answer, put
from tests.reference.model import InProgress
from tests.reference.steps import Progress, Put, Step

FOUR_HOURS = 14_400.0


def claim(played_seconds: float, duration_seconds: float | None, *before: Step) -> str | None:
    reference = after(*before, Progress(TV, ALIEN, None, played_seconds, duration_seconds))
    return reference.claim(reference.log[-1])


def share_claim(share: float, *before: Step) -> str | None:
    reference = after(*before, Progress(TV, ALIEN, share=share))
    return reference.claim(reference.log[-1])


def runs(seconds: float | None) -> Put:
    return Put(ALIEN, details=Details(runtime_seconds=seconds))


def started(*steps: Step) -> InProgress:
    found = answer(after(*put(ALIEN), *steps), ALIEN)["in_progress"]
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("played_seconds", "said"),
    [
        (299.9, None),
        (300.0, "started"),
        (0.92 * FOUR_HOURS, "started"),
        (FOUR_HOURS - 900.1, "started"),
        (FOUR_HOURS - 900.0, "complete"),
    ],
)
def test_a_four_hour_film_begins_after_five_minutes_and_ends_fifteen_before(
    played_seconds: float, said: str | None
) -> None:
    assert claim(played_seconds, FOUR_HOURS) == said


def test_of_a_short_clip_shares_alone_decide() -> None:
    assert [claim(played, 60.0) for played in (2.9, 3.0, 54.0)] == [None, "started", "complete"]


@pytest.mark.parametrize(("runtime_seconds", "said"), [(1200.0, "complete"), (1200.1, "started")])
def test_a_growing_stream_is_not_complete_at_the_end_of_what_is_there(
    runtime_seconds: float, said: str
) -> None:
    assert claim(600.0, 600.0, runs(runtime_seconds)) == said


def test_what_the_catalog_learns_later_of_a_running_time_changes_no_progress() -> None:
    reference = after(runs(600.0), Progress(TV, ALIEN, None, 600.0, 600.0), runs(3600.0))
    assert reference.watched(TV, ALIEN)


def test_a_growing_stream_is_shown_with_the_duration_that_counts() -> None:
    found = started(runs(3000.0), Progress(TV, ALIEN, None, 600.0, 600.0))
    assert (found["played_seconds"], found["duration_seconds"], found["share"]) == (600, 3000, 0.2)


def test_a_missing_duration_is_the_catalogs() -> None:
    assert claim(550.0, None, runs(600.0)) == "complete"
    assert started(runs(600.0), Progress(TV, ALIEN, None, 150.0, None))["share"] == 0.25


def test_without_any_duration_a_progress_begins_after_five_minutes_and_never_ends() -> None:
    assert [claim(s, None) for s in (299.0, 300.0, 99_999.0)] == [None, "started", "started"]
    found = started(Progress(TV, ALIEN, None, 400.0, None))
    assert (found["played_seconds"], found["duration_seconds"], found["share"]) == (400, None, None)


def test_a_share_gives_the_seconds_by_the_catalogs_running_time() -> None:
    found = started(runs(1200.0), Progress(TV, ALIEN, share=0.25))
    assert (found["played_seconds"], found["duration_seconds"], found["share"]) == (300, 1200, 0.25)
    assert share_claim(0.92, runs(FOUR_HOURS)) == "started"
    assert share_claim(0.03, runs(FOUR_HOURS)) == "started"
    assert share_claim(0.95, runs(FOUR_HOURS)) == "complete"


def test_a_share_without_a_running_time_is_compared_alone() -> None:
    shares = (0.0, 0.04, 0.05, 0.89, 0.9, 1.0)
    claims = [None, None, "started", "started", "complete", "complete"]
    assert [share_claim(share) for share in shares] == claims
    found = started(Progress(TV, ALIEN, share=0.5))
    assert (found["played_seconds"], found["duration_seconds"], found["share"]) == (None, None, 0.5)


def test_a_share_at_the_threshold_is_complete_whatever_the_running_time() -> None:
    assert {share_claim(0.9, runs(float(seconds))) for seconds in range(1, 1000)} == {"complete"}
