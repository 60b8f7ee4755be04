"""Rule 23: what is taken back is as if it had never been said."""

import pytest

from tests.reference.examples import (
    ALIEN,
    BOB,
    E1,
    E2,
    PHONE,
    SEASON,
    SHOW,
    TV,
    after,
    answer,
    events_of,
    finish,
    put,
)
from tests.reference.steps import (
    Dismiss,
    Progress,
    Recall,
    Restart,
    Resubmit,
    Retract,
    Step,
    Target,
    Unwatch,
    Watch,
)

HERE = put(E1, E2, ALIEN)


def test_a_false_play_can_be_taken_back() -> None:
    film = answer(after(*HERE, Progress(TV, ALIEN), finish(TV, ALIEN), Retract(TV)), ALIEN)
    assert (film["watched"], film["plays"], film["last_played_at_us"]) == (False, 0, None)
    assert film["in_progress"] is not None


def test_what_it_overruled_decides_again() -> None:
    reference = after(*HERE, Watch(TV, SEASON), Unwatch(TV, E1), Retract(TV))
    assert reference.decider(TV, E1) == events_of(reference, TV)[0]
    why = reference.why(TV, E1)
    assert why is not None
    assert why.overruled == []


def test_a_retracted_mark_on_a_container_takes_all_of_it_back() -> None:
    reference = after(*HERE, Watch(TV, E1), Watch(TV, SHOW), Retract(TV))
    assert [reference.watched(TV, e) for e in (E1, E2)] == [True, False]


@pytest.mark.parametrize("mark", [Dismiss(TV, E2), Restart(TV, SHOW)])
def test_what_was_said_of_next_up_can_be_taken_back(mark: Step) -> None:
    before = after(*HERE, Watch(TV, E1)).next_up(TV)
    assert after(*HERE, Watch(TV, E1), mark).next_up(TV) != before
    assert after(*HERE, Watch(TV, E1), mark, Retract(TV)).next_up(TV) == before


def test_a_retracted_recall_dismisses_again() -> None:
    reference = after(*HERE, Dismiss(TV, ALIEN), Recall(TV, ALIEN), Retract(TV))
    assert [item for item, _ in reference.dismissed(TV)] == [ALIEN]


def test_a_retraction_may_arrive_before_what_it_names() -> None:
    early = [*HERE, Retract(TV, Target.NEXT), Watch(PHONE, E1), Watch(TV, ALIEN)]
    assert not after(*early).watched(TV, ALIEN)
    assert after(*early, Watch(TV, ALIEN)).watched(TV, ALIEN)


@pytest.mark.parametrize("back", [0, Target.NOTHING])
def test_a_retraction_of_a_retraction_or_of_nothing_has_no_effect(back: int | Target) -> None:
    steps = [*HERE, Watch(TV, ALIEN), Retract(TV), Retract(TV, back)]
    assert not after(*steps).watched(TV, ALIEN)
    assert after(*HERE, Watch(TV, ALIEN), Retract(TV, Target.NOTHING)).watched(TV, ALIEN)


def test_each_device_user_takes_back_its_own_alone() -> None:
    reference = after(*HERE, Watch(TV, ALIEN), Resubmit(0, cduid=PHONE), Retract(PHONE))
    assert reference.decider(TV, ALIEN) == events_of(reference, TV)[0]


def test_its_id_stays_used() -> None:
    reference = after(*HERE, Watch(TV, ALIEN), Retract(TV), Resubmit(1))
    assert len(events_of(reference, TV)) == 2
    assert not reference.watched(TV, ALIEN)


def test_at_earlier_positions_it_still_counts() -> None:
    reference = after(*HERE, Watch(TV, ALIEN), Retract(TV))
    assert reference.as_of(len(reference.log) - 1).watched(TV, ALIEN)
    assert not reference.as_of(len(reference.log)).watched(TV, ALIEN)


def test_histories_show_it_with_what_took_it_back() -> None:
    reference = after(*HERE, Watch(TV, ALIEN), Retract(TV), Retract(TV, 1))
    watch, retract, _ = events_of(reference, TV)
    assert watch.position in reference.history(TV, item=ALIEN)
    assert reference.retraction(watch) == retract
    assert reference.retraction(retract) is None


def test_what_was_watched_together_is_taken_back_by_each_for_itself() -> None:
    reference = after(*HERE, Watch(TV, ALIEN, beside=("bob",)), Retract(TV))
    assert [reference.watched(cduid, ALIEN) for cduid in (TV, BOB)] == [False, True]
