"""Rule 30: what isn't out yet."""

from datetime import datetime

import pytest

from domain.events import AccessChanged, Details, IsolationMode
from domain.instants import from_us
from tests.reference.examples import (
    ALIEN,
    BOB,
    BRAZIL,
    DARK_1,
    E1,
    E2,
    E3,
    PHONE,
    SEASON,
    SHOW,
    TALK,
    TV,
    after,
    answer,
    put,
)
from tests.reference.model import Reference
from tests.reference.steps import (
    ChangeAccess,
    ChangeMode,
    Dismiss,
    Hide,
    Link,
    Progress,
    Put,
    Restart,
    Step,
    Unwatch,
    Watch,
)
from tests.reference.world import BEGIN_US, SLOT_US

NEW = ChangeMode(TV, IsolationMode.LOUD)


def slot(number: int) -> datetime:
    return from_us(BEGIN_US + number * SLOT_US)


def due(item: str, at_slot: int, index: int | None = None) -> Put:
    return Put(item, details=Details(index=index, released_at=slot(at_slot)))


HERE: list[Step] = [*put(E1, BRAZIL), due(E2, 50, 2), due(ALIEN, 60), NEW]


def upcoming(*steps: Step) -> list[str]:
    return after(*HERE, *steps).next_up(TV).upcoming


def at_slot(number: int, *steps: Step) -> Reference:
    log = after(*HERE, *steps).log
    return Reference(log, moment_us=BEGIN_US + number * SLOT_US)


def test_what_is_not_out_yet_is_in_no_list_and_no_count() -> None:
    reference = after(*HERE, Watch(TV, E1))
    season = answer(reference, SEASON)
    assert (season["watched"], season["leaves"]) == (True, 1)
    assert reference.children(TV, SEASON) == [E1]
    assert not {E2, ALIEN} & set(reference.items(TV))
    assert reference.item(TV, E2) is None
    assert reference.next_up(TV).next_episode == []
    assert reference.next_up(TV).unwatched_movie == [BRAZIL]


def test_it_is_upcoming_soonest_first() -> None:
    assert upcoming(Watch(TV, E1)) == [E2, ALIEN]
    assert upcoming(Watch(TV, E1), due(E2, 70, 2)) == [ALIEN, E2]
    assert upcoming(Watch(TV, E1), due(E2, 60, 2), due(E3, 60, 1)) == [ALIEN, E3, E2]


def test_of_a_show_only_if_somebody_watches_it() -> None:
    assert upcoming() == [ALIEN]
    assert upcoming(Progress(TV, E1)) == [ALIEN]
    assert upcoming(Restart(TV, SHOW)) == [E2, ALIEN]
    assert upcoming(Watch(TV, E1), Unwatch(TV, E1)) == [ALIEN]


def test_a_streamable_is_never_upcoming() -> None:
    assert upcoming(due(TALK, 70)) == [ALIEN]


def test_it_is_there_once_it_is_out() -> None:
    before, since = at_slot(49, Watch(TV, E1)), at_slot(50, Watch(TV, E1))
    assert (before.sees(TV, E2), since.sees(TV, E2)) == (False, True)
    assert since.next_up(TV).next_episode[0][:2] == (E2, E1)
    assert since.next_up(TV).upcoming == [ALIEN]
    assert not answer(since, SEASON)["watched"]


@pytest.mark.parametrize(
    "said",
    [
        Watch(TV, E2),
        Unwatch(PHONE, E2),
        Progress(TV, E2),
        Progress(TV, E2, played_seconds=1.0),
    ],
)
def test_who_has_seen_it_already_has_it(said: Step) -> None:
    reference = after(*HERE, Watch(TV, E1), said)
    assert reference.sees(TV, E2)
    assert reference.next_up(TV).upcoming == [ALIEN]
    others = after(*HERE, said, ChangeMode(BOB, IsolationMode.LOUD))
    assert not others.sees(BOB, E2)


def test_a_season_marked_before_the_finale_is_out_does_not_mean_the_finale() -> None:
    reference = at_slot(99, Watch(TV, SEASON))
    assert [reference.watched(TV, e) for e in (E1, E2)] == [True, False]


def test_whether_it_is_out_is_asked_of_the_catalog_that_the_mark_means() -> None:
    moved = at_slot(99, Watch(TV, SEASON), due(E2, 1, 2))
    assert not moved.watched(TV, E2)
    late = at_slot(99, due(E2, 1, 2), Watch(TV, SEASON, slots_ago=2))
    assert not late.watched(TV, E2)
    assert at_slot(99, due(E2, 1, 2), Watch(TV, SEASON, slots_ago=1)).watched(TV, E2)


def test_an_undated_mark_means_what_is_out_when_it_is_told() -> None:
    reference = at_slot(99, due(E3, 3, 3), Watch(TV, SEASON, undated=True))
    assert [reference.watched(TV, e) for e in (E1, E2, E3)] == [True, False, True]


def test_a_mark_on_the_item_itself_counts_whenever_it_comes_out() -> None:
    assert after(*HERE, Watch(TV, ALIEN)).watched(TV, ALIEN)


def test_what_is_dismissed_hidden_or_withheld_is_not_upcoming() -> None:
    assert upcoming(Dismiss(TV, ALIEN)) == []
    assert upcoming(Hide(ALIEN)) == []
    assert upcoming(ChangeAccess("ann", AccessChanged(allowed_shelves=()))) == []


def test_a_work_is_upcoming_once_and_known_by_any_of_its_items() -> None:
    twice: list[Step] = [due(BRAZIL, 55), Link(ALIEN, BRAZIL)]
    assert upcoming(*twice) == [BRAZIL]
    assert upcoming(*twice, Progress(TV, ALIEN)) == []


def test_at_an_earlier_position_it_is_not_out_yet() -> None:
    reference = after(*HERE, Watch(TV, E1), *(Put(DARK_1) for _ in range(50)), Watch(TV, DARK_1))
    assert reference.sees(TV, E2)
    then = reference.as_of(reference.log[-1].position - 1)
    assert not then.sees(TV, E2)
    assert then.next_up(TV).upcoming == [E2, ALIEN]


def test_a_container_of_which_nothing_is_out_shows_only_without_limits() -> None:
    alone: list[Step] = [due(E2, 50, 2), NEW]
    assert SEASON in after(*alone).items(TV)
    limits = ChangeAccess("ann", AccessChanged(allowed_shelves=(SHOW,)))
    assert after(*alone, limits).items(TV) == []
