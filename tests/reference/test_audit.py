"""Rules 20 to 22: history, why, and as of."""

from domain.events import AccessChanged, IsolationMode, ItemMoved
from tests.reference.examples import (
    ALIEN,
    BOB,
    E1,
    E2,
    E3,
    FILMS,
    PHONE,
    SEASON,
    SEASON_2,
    SHELF,
    SHOW,
    TV,
    after,
    events_of,
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
    Recall,
    Restart,
    Retract,
    Step,
    Unwatch,
    Watch,
)

HERE = put(E1, E2)


def told(reference: Reference, positions: set[int]) -> list[tuple[str | None, str]]:
    """Item and type of some events."""
    found = [r for r in reference.log if r.position in positions]
    return [(getattr(r.event, "item", None), r.event.type_name) for r in found]


def test_an_items_history_holds_what_was_said_about_its_containers_then() -> None:
    before: list[Step] = [*HERE, Watch(TV, SHOW), Progress(TV, E2), Unwatch(PHONE, SEASON)]
    reference = after(*before, Put(E1, SEASON_2), Watch(TV, SEASON), Watch(TV, SEASON_2))
    assert told(reference, reference.history(item=E1)) == [
        (E1, "item_placed"),
        (SHOW, "watch"),
        (SEASON, "unwatch"),
        (E1, "item_moved"),
        (SEASON_2, "watch"),
    ]


def test_what_was_said_before_an_item_was_known_is_in_its_history_if_it_was_on_it() -> None:
    reference = after(Watch(TV, E3), Watch(TV, SEASON), *put(E3))
    assert told(reference, reference.history(item=E3)) == [(E3, "watch"), (E3, "item_placed")]


def test_an_items_history_holds_what_a_late_mark_meant_and_not_what_it_missed() -> None:
    reference = after(*HERE, Put(E3), Watch(TV, SEASON, slots_ago=2))
    late = reference.log[-1].position
    assert late in reference.history(item=E1)
    assert late not in reference.history(item=E3)
    assert late in reference.history(under=SEASON)


def test_an_items_history_holds_what_was_said_of_its_work() -> None:
    said = [*HERE, Link(E1, E2), Watch(TV, E2), Dismiss(TV, E2), Unwatch(TV, SEASON)]
    reference = after(*said)
    assert told(reference, reference.history(item=E1)) == [
        (E1, "item_placed"),
        (E1, "item_linked"),
        (E2, "watch"),
        (E2, "dismiss"),
        (SEASON, "unwatch"),
    ]
    assert (E1, "item_linked") in told(reference, reference.history(item=E2))


def test_dismissals_and_restarts_are_in_the_history_of_what_stood_below() -> None:
    reference = after(*HERE, Dismiss(TV, SHOW), Recall(TV, E2), Restart(TV, SEASON), Put(E3))
    kinds = [kind for _, kind in told(reference, reference.history(item=E1))]
    assert kinds == ["item_placed", "dismiss", "restart"]
    assert [kind for _, kind in told(reference, reference.history(item=E3))] == ["item_placed"]


def test_marks_that_are_nothing_new_are_in_histories_all_the_same() -> None:
    reference = after(*HERE, Watch(TV, E1), Watch(TV, E1))
    assert {r.position for r in events_of(reference, TV)} <= reference.history(TV, item=E1)


def test_the_admins_history_is_everybodys() -> None:
    reference = after(*HERE, Watch(TV, E1), Watch(BOB, E1))
    assert reference.history() == {r.position for r in reference.log}
    assert len(reference.history(item=E1)) == 3


def test_a_history_under_a_container_is_of_what_stood_below_it() -> None:
    reference = after(*HERE, Watch(TV, E1), Put(E1, SEASON_2), Watch(TV, E1), Watch(TV, SEASON))
    assert told(reference, reference.history(under=SEASON)) == [
        (SEASON, "item_placed"),
        (E1, "item_placed"),
        (E2, "item_placed"),
        (E1, "watch"),
        (SEASON, "watch"),
    ]


def test_a_history_can_be_narrowed_by_anything_in_the_envelope() -> None:
    reference = after(*HERE, Watch(TV, E1), Put(E1, SEASON_2))
    moved = reference.history(where=lambda r: isinstance(r.event, ItemMoved))
    assert moved == {len(reference.log)}


def test_a_viewers_history_is_its_own_or_its_groups() -> None:
    reference = after(*HERE, Watch(TV, E1), Watch(PHONE, E2), Watch(BOB, E1))
    assert told(reference, reference.history(TV)) == [
        (None, "device_user_registered"),
        (E1, "watch"),
    ]
    both = {r.position for cduid in (TV, PHONE) for r in reference.log if r.cduid == cduid}
    assert reference.history(TV, group=True) == both


def test_a_viewers_history_keeps_hidden_items_and_leaves_out_withheld_ones() -> None:
    spoken: list[Step] = [Watch(TV, E1), Watch(TV, ALIEN), Watch(TV, FILMS), Hide(SHOW)]
    no_gore = ChangeAccess("ann", AccessChanged(denied_tags=("gore",)))
    reference = after(*HERE, *put(ALIEN), *spoken, no_gore)
    items = [item for item, _ in told(reference, reference.history(TV))]
    assert items == [None, E1]
    assert reference.history(TV, item=ALIEN) == set()
    assert len(reference.history(item=ALIEN)) == 3


def test_why_names_the_deciding_event_and_what_it_overruled() -> None:
    said: list[Step] = [
        Watch(TV, SHOW),
        Progress(TV, E1, played_seconds=1200.0),
        Progress(TV, E1),
        Unwatch(PHONE, SEASON),
    ]
    reference = after(*HERE, *said)
    why = reference.why(TV, E1)
    assert why is not None
    watch, complete, _ = events_of(reference, TV)
    assert why.decider == reference.log[-1]
    assert why.overruled == [complete, watch]


def test_why_names_nothing_that_is_withheld() -> None:
    said: list[Step] = [Watch(TV, E1), Watch(TV, SEASON), Put(E1, SEASON_2)]
    limits = ChangeAccess("ann", AccessChanged(allowed_shelves=(SEASON_2,)))
    reference = after(*HERE, *said, limits)
    [watch, _] = events_of(reference, TV)
    assert reference.watched(TV, E1)
    why = reference.why(TV, E1)
    assert why is not None
    assert (why.decider, why.overruled) == (None, [watch])
    unmarked = after(*HERE, *said, limits, Unwatch(TV, E1)).why(TV, E1)
    assert unmarked is not None
    assert unmarked.overruled == [watch]


def test_without_a_mark_nothing_decides() -> None:
    why = after(*HERE, Progress(TV, E1)).why(TV, E1)
    assert why is not None
    assert (why.decider, why.overruled) == (None, [])


def test_why_names_what_an_item_is_in_progress_by_or_what_ended_that() -> None:
    begun = after(*HERE, Progress(TV, E1), Progress(PHONE, E1), Progress(TV, E1, 0, 1.0))
    why = begun.why(TV, E1)
    assert why is not None
    assert (why.in_progress, why.ended_by) == (events_of(begun, PHONE)[0], None)
    ended = after(*HERE, Progress(TV, E1), Unwatch(PHONE, SEASON), Watch(TV, SEASON))
    why = ended.why(TV, E1)
    assert why is not None
    assert (why.in_progress, why.ended_by) == (None, events_of(ended, PHONE)[0])


def test_why_names_no_end_of_what_was_never_begun() -> None:
    why = after(*HERE, Watch(TV, E1), Unwatch(TV, E1)).why(TV, E1)
    assert why is not None
    assert (why.in_progress, why.ended_by) == (None, None)


def test_why_says_of_each_completion_what_it_came_to() -> None:
    said: list[Step] = [
        Progress(TV, E1, 5, played_seconds=1100.0),
        Progress(TV, E1, 3, played_seconds=1200.0),
        Watch(PHONE, E1),
        Progress(PHONE, E1, 0, played_seconds=1200.0),
    ]
    reference = after(*HERE, *said)
    why = reference.why(TV, E1)
    assert why is not None
    positions = [r.position for r in reference.log[-3:]]
    assert [each.verdict for each in why.completions] == [
        "opens",
        "untimed",
        "further_on",
        "opens",
    ]
    assert [each.position for each in why.completions][:1] == positions[-1:]


def test_why_leaves_out_what_was_taken_back_and_what_was_nothing_new() -> None:
    reference = after(*HERE, Unwatch(TV, E1), Retract(TV), Watch(TV, E1), Watch(TV, E1))
    why = reference.why(TV, E1)
    assert why is not None
    assert (why.decider, why.overruled) == (reference.log[-2], [])


def test_as_of_takes_facts_and_catalog_as_they_were() -> None:
    reference = after(*HERE, Watch(TV, SHOW), Put(E3), Unwatch(TV, E1))
    watched_at = events_of(reference, TV)[0].position
    then = reference.as_of(watched_at)
    assert then.watched(TV, E1)
    assert then.items(TV) == [SHELF, SHOW, SEASON, E1, E2]
    show = then.item(TV, SHOW)
    assert show is not None
    assert show["watched"]
    assert reference.as_of(watched_at - 1).decider(TV, E1) is None


def test_as_of_takes_works_and_dismissals_as_they_were() -> None:
    reference = after(*HERE, Watch(TV, E1), Dismiss(TV, E2), Recall(TV, E2), Link(E1, E2))
    watched_at, dismissed_at, *_ = (r.position for r in events_of(reference, TV))
    assert reference.watched(TV, E2)
    assert not reference.as_of(watched_at).watched(TV, E2)
    assert [item for item, _ in reference.as_of(dismissed_at).dismissed(TV)] == [E2]


def test_as_of_takes_thresholds_as_they_are_now() -> None:
    log = after(*HERE, Progress(TV, E1), Watch(TV, E2)).log
    assert Reference(log, high=0.5, rest_seconds=600).as_of(len(log) - 1).watched(TV, E1)


def test_as_of_takes_modes_and_access_as_they_are_now() -> None:
    silo = ChangeMode(TV, IsolationMode.SILO)
    limits = ChangeAccess("ann", AccessChanged(allowed_shelves=(SHELF,)))
    reference = after(*HERE, *put(ALIEN), Watch(TV, E1), Watch(PHONE, E2), silo, limits)
    then = reference.as_of(events_of(reference, PHONE)[0].position)
    assert (then.watched(TV, E1), then.watched(TV, E2)) == (True, False)
    assert not then.sees(TV, ALIEN)
