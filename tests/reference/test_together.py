"""Rule 29: what several users of one device watched together."""

from tests.reference.examples import ALIEN, BOB, E1, PHONE, SEASON, TV, after, events_of, put
from tests.reference.steps import Progress, Resubmit, Step, Unwatch, Watch

HERE = put(E1, ALIEN)


def test_it_is_recorded_for_each_under_the_same_id_at_the_same_time() -> None:
    reference = after(*HERE, Watch(TV, ALIEN, beside=("bob",)))
    [own], [other] = events_of(reference, TV), events_of(reference, BOB)
    assert own.submission_id == other.submission_id
    assert (own.event, own.at_us, own.user) == (other.event, other.at_us, "ann")
    assert other.user == "bob"
    assert [reference.watched(cduid, ALIEN) for cduid in (TV, BOB)] == [True, True]


def test_containers_and_progress_too() -> None:
    said: list[Step] = [
        Watch(TV, SEASON, beside=("bob",)),
        Unwatch(BOB, E1),
        Progress(BOB, ALIEN, beside=("ann",)),
    ]
    reference = after(*HERE, *said)
    assert [reference.watched(cduid, E1) for cduid in (TV, BOB)] == [True, False]
    assert [item for item, _ in reference.in_progress(TV)] == [ALIEN]


def test_a_retry_is_a_duplicate_for_each() -> None:
    once = after(*HERE, Watch(TV, ALIEN, beside=("bob",)))
    again = after(*HERE, Watch(TV, ALIEN, beside=("bob",)), Resubmit(0), Resubmit(1))
    assert again.log == once.log


def test_whoever_is_not_on_the_device_hears_nothing() -> None:
    reference = after(*HERE, Watch(PHONE, ALIEN, beside=("bob",)))
    assert set(reference.users) == {PHONE}


def test_neither_sees_what_the_other_says_alone() -> None:
    reference = after(*HERE, Watch(TV, ALIEN, beside=("bob",)), Unwatch(TV, ALIEN))
    assert reference.watched(BOB, ALIEN)
