"""Rule 13: what is one play, and what is two."""

import pytest

from domain.events import Details, PlayerState
from tests.reference.examples import (
    ALIEN,
    BOB,
    BRAZIL,
    E1,
    E2,
    FILMS,
    MINUTES_PER_SLOT,
    NEWS,
    PHONE,
    SEASON,
    SHOW,
    TV,
    after,
    answer,
    finish,
    put,
)
from tests.reference.steps import Hide, Link, Progress, Put, Retract, Step, Unwatch, Watch

HERE = put(E1, E2, ALIEN, BRAZIL, NEWS)
AN_HOUR, A_DAY = 60 // MINUTES_PER_SLOT, 24 * 60 // MINUTES_PER_SLOT


def at(slots_ago: int, share: float = 1.0, cduid: str = TV) -> Progress:
    """A report on a film of an hour, some shares of it played. Every step takes a slot itself."""
    return Progress(cduid, ALIEN, slots_ago, 3600 * share, 3600.0)


def verdicts(*steps: Step, of: str = ALIEN) -> list[str]:
    """Oldest first."""
    why = after(*HERE, *steps).why(TV, of)
    assert why is not None
    return [each.verdict for each in reversed(why.completions)]


def plays(*steps: Step, of: str = ALIEN) -> int:
    return answer(after(*HERE, *steps), of)["plays"]


# (i) Still in the credits.


def test_credits_watched_the_next_day_are_no_second_play() -> None:
    assert verdicts(at(A_DAY, 0.93), at(5, 0.95), at(0, 1.0)) == [
        "opens",
        "further_on",
        "further_on",
    ]


def test_a_paused_television_is_one_play_however_long_it_says_so() -> None:
    paused = [
        Progress(TV, ALIEN, n, 3480.0, 3600.0, state=PlayerState.PAUSED)
        for n in range(A_DAY, 0, -AN_HOUR)
    ]
    assert plays(at(A_DAY + 2, 0.94), *paused, at(0, 1.0)) == 1


def test_after_three_days_it_is_another_play() -> None:
    assert verdicts(at(3 * A_DAY - 1, 0.93), at(0, 1.0)) == ["opens", "opens"]
    assert verdicts(at(3 * A_DAY - 2, 0.93), at(0, 1.0)) == ["opens", "further_on"]


def test_the_three_days_begin_at_any_report_that_it_is_further_on_than() -> None:
    onwards = [at(4 * A_DAY, 0.93), at(2 * A_DAY, 0.95), at(0, 0.97)]
    assert verdicts(*onwards) == ["opens", "further_on", "further_on"]


def test_what_is_no_further_on_was_seen_again() -> None:
    assert verdicts(at(A_DAY, 0.95), at(0, 0.95)) == ["opens", "opens"]
    assert verdicts(at(A_DAY, 0.95), at(0, 0.92)) == ["opens", "opens"]


def test_whoever_was_at_it_again_has_seen_it_twice() -> None:
    assert verdicts(at(A_DAY, 0.93), at(2, 0.4), at(0, 0.97)) == ["opens", "opens"]
    assert verdicts(at(A_DAY, 0.93), at(2, 0.001), at(0, 0.97)) == ["opens", "opens"]


def test_a_report_without_a_share_is_below_high_too() -> None:
    untold = Progress(TV, ALIEN, 2, played_seconds=3000.0, duration_seconds=None)
    assert verdicts(at(A_DAY, 0.93), untold, at(0, 0.97)) == ["opens", "opens"]


def test_what_was_at_it_before_the_newest_completion_is_over() -> None:
    assert verdicts(at(9, 0.4), at(A_DAY, 0.93), at(8, 0.95), at(0, 0.97))[-1] == "further_on"


def test_another_device_is_not_further_on() -> None:
    assert verdicts(at(A_DAY, 0.93), at(0, 0.97, PHONE)) == ["opens", "opens"]
    assert verdicts(at(A_DAY, 0.93), at(2, 0.4, PHONE), at(0, 0.97)) == ["opens", "further_on"]


def test_a_pressed_button_is_further_on_than_nothing() -> None:
    assert verdicts(at(A_DAY, 0.93), Watch(TV, ALIEN, 0)) == ["opens", "opens"]
    assert verdicts(Watch(TV, ALIEN, A_DAY), at(0, 0.97)) == ["opens", "opens"]


# (ii) The same viewing.


def test_two_devices_finishing_at_once_count_one_play() -> None:
    reference = after(*HERE, finish(TV, ALIEN), finish(PHONE, ALIEN))
    assert answer(reference, ALIEN)["plays"] == 1
    assert [reference.watch_count(cduid, ALIEN) for cduid in (TV, PHONE)] == [1, 1]


def test_twice_in_a_row_is_two_plays() -> None:
    again = [at(9, 0.1), at(6, 0.5), at(3, 1.0)]
    assert verdicts(at(AN_HOUR, 1.0), *again) == ["opens", "opens"]
    assert verdicts(at(AN_HOUR - 1, 1.0), at(0, 1.0)) == ["opens", "opens"]
    assert verdicts(at(AN_HOUR - 2, 1.0), at(0, 1.0)) == ["opens", "same_viewing"]


def test_twice_in_a_row_on_one_device_and_once_on_another_is_the_same_viewing() -> None:
    elsewhere = [at(6, 0.5, PHONE), at(3, 1.0, PHONE)]
    assert verdicts(at(AN_HOUR, 1.0), *elsewhere) == ["opens", "same_viewing"]


def test_a_button_pressed_after_the_film_is_the_same_viewing() -> None:
    assert verdicts(at(3, 1.0), at(2, 0.2), Watch(TV, ALIEN, 0)) == ["opens", "same_viewing"]


@pytest.mark.parametrize(("slots_ago", "plays"), [(3, 1), (4, 2)])
def test_a_running_time_later_a_new_play_begins(slots_ago: int, plays: int) -> None:
    first, second = Watch(TV, ALIEN, slots_ago), Watch(TV, ALIEN, -1, duration_seconds=1500.0)
    assert answer(after(*HERE, first, second), ALIEN)["plays"] == plays


@pytest.mark.parametrize(
    ("runtime_seconds", "slots_ago", "plays"),
    [(None, 4, 1), (None, 5, 2), (600.0, 0, 1), (600.0, 1, 2)],
)
def test_the_running_time_is_the_present_catalogs_or_half_an_hour(
    runtime_seconds: float | None, slots_ago: int, plays: int
) -> None:
    watches = [Watch(TV, ALIEN, slots_ago), Watch(TV, ALIEN, 0)]
    described = Put(ALIEN, details=Details(runtime_seconds=runtime_seconds))
    assert answer(after(*HERE, *watches, described), ALIEN)["plays"] == plays


def test_a_running_time_that_was_known_when_it_was_said_comes_before_the_present_one() -> None:
    known, later = (Put(ALIEN, details=Details(runtime_seconds=s)) for s in (3000.0, 600.0))
    assert plays(known, Watch(TV, ALIEN, 5), Watch(TV, ALIEN, 0), later) == 1
    growing = Watch(TV, ALIEN, 0, duration_seconds=300.0)
    assert plays(known, Watch(TV, ALIEN, 5), growing, later) == 1


def test_it_is_counted_from_the_completion_that_opened_the_play() -> None:
    apart = [Watch(TV, ALIEN, 8), Watch(TV, ALIEN, 1)]
    assert plays(*apart) == 2
    assert plays(*apart, Watch(PHONE, ALIEN, 5)) == 2


# Watches that give no time.


def test_marked_every_night_is_one_play() -> None:
    nightly: list[Step] = [Watch(TV, ALIEN) for _ in range(20)]
    assert verdicts(at(40), *nightly) == ["opens"]


def test_a_later_watch_that_gives_no_time_opens_no_play() -> None:
    assert verdicts(at(A_DAY), Watch(PHONE, ALIEN)) == ["opens", "untimed"]
    assert verdicts(at(A_DAY), Unwatch(TV, ALIEN), Watch(TV, ALIEN)) == ["opens", "untimed"]
    assert verdicts(Watch(TV, ALIEN)) == ["opens"]


def test_what_came_without_a_time_belongs_to_the_play_at_hand() -> None:
    reference = after(*HERE, at(A_DAY), Watch(PHONE, ALIEN))
    assert answer(reference, ALIEN)["last_played_at_us"] == reference.log[-1].at_us


# Lists and counts.


def test_what_is_watched_only_through_its_container_has_no_play() -> None:
    episode = answer(after(*HERE, Watch(TV, SHOW)), E1)
    assert (episode["watched"], episode["plays"], episode["last_played_at_us"]) == (True, 0, None)


def test_a_containers_plays_are_those_of_what_the_viewer_sees_under_it() -> None:
    reference = after(*HERE, Watch(TV, E1), Watch(PHONE, E2), Watch(TV, E1, -1), Watch(BOB, E1))
    season = answer(reference, SEASON)
    assert (season["plays"], answer(reference, FILMS)["plays"]) == (2, 0)
    assert season["last_played_at_us"] == answer(reference, E1)["last_played_at_us"]
    assert answer(after(*HERE, Watch(TV, E1), Watch(TV, E2), Hide(E1)), SHOW)["plays"] == 1


def test_unwatching_takes_no_play_away() -> None:
    movie = answer(after(*HERE, Watch(TV, ALIEN), Unwatch(TV, ALIEN)), ALIEN)
    assert (movie["watched"], movie["plays"]) == (False, 1)


def test_plays_are_listed_newest_first_and_by_item() -> None:
    reference = after(*HERE, Watch(TV, ALIEN), Watch(PHONE, BRAZIL))
    assert [(p.item, p.cduid) for p in reference.plays(TV)] == [(BRAZIL, PHONE), (ALIEN, TV)]
    assert [p.item for p in reference.plays(TV, ALIEN)] == [ALIEN]


def test_plays_of_hidden_items_stay_in_the_list() -> None:
    reference = after(*HERE, Watch(TV, ALIEN), Hide(FILMS))
    assert [p.item for p in reference.plays(TV)] == [ALIEN]
    assert [p.item for p in reference.plays(TV, ALIEN)] == [ALIEN]


def test_live_television_has_no_plays_unless_it_is_marked() -> None:
    assert verdicts(finish(TV, NEWS), of=NEWS) == []
    assert verdicts(finish(TV, NEWS), Watch(TV, NEWS), of=NEWS) == ["opens"]


def test_a_play_taken_back_leaves_the_others_as_if_it_had_never_been() -> None:
    assert plays(at(A_DAY), at(0)) == 2
    assert plays(at(A_DAY), at(0), Retract(TV, 1)) == 1


def test_plays_of_a_work_are_counted_for_each_of_its_items() -> None:
    linked: list[Step] = [Link(ALIEN, BRAZIL), Watch(TV, ALIEN, A_DAY), Watch(TV, BRAZIL, 0)]
    assert [plays(*linked, of=film) for film in (ALIEN, BRAZIL, FILMS)] == [2, 2, 4]
    assert [p.item for p in after(*HERE, *linked).plays(TV)] == [BRAZIL, ALIEN]


def test_the_present_running_time_is_that_of_the_item_asked_about() -> None:
    runs = {ALIEN: 600.0, BRAZIL: 3600.0}
    described = [Put(i, details=Details(runtime_seconds=s)) for i, s in runs.items()]
    said: list[Step] = [Watch(TV, ALIEN, 6), Watch(TV, BRAZIL, 1), Link(ALIEN, BRAZIL), *described]
    assert [plays(*said, of=film) for film in (ALIEN, BRAZIL)] == [2, 1]
    reference = after(*HERE, *said)
    assert [len(reference.plays(TV, film)) for film in (ALIEN, BRAZIL)] == [2, 1]
