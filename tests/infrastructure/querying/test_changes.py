"""What is told of a page: all that anybody sees change, to whoever sees it, and nothing else."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from sqlalchemy import Engine

from domain.events import AccessChanged, Details, IsolationMode
from domain.next_up import Section, next_up
from infrastructure.querying import changes, touched_items
from infrastructure.querying.changes import Changed, ChangesPage, missed_page, next_page
from infrastructure.querying.reader import Reader
from tests.helpers.stage import ON_A_DATABASE, Stage, emptied
from tests.reference.examples import (
    ALIEN,
    BOB,
    BRAZIL,
    DARK,
    DARK_1,
    DARK_SEASON,
    E1,
    E2,
    E3,
    FILMS,
    LAPTOP,
    PHONE,
    SEASON,
    SHELF,
    SHOW,
    TV,
    put,
)
from tests.reference.lives import lives
from tests.reference.steps import (
    ChangeAccess,
    ChangeMode,
    Hide,
    Link,
    Put,
    Reassign,
    Restore,
    Retract,
    Step,
    Unlink,
    Watch,
)
from tests.reference.universe import CDUIDS, GHOSTS, ITEMS
from tests.reference.world import BEGIN_US, SLOT_US


class Listening:
    """Reads what is new page by page, as a feed does."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        with stage.reader.snapshot() as snapshot:
            self.position, self._directory = snapshot.position, snapshot.directory

    def page(self) -> ChangesPage | None:
        with self.stage.reader.snapshot() as snapshot:
            page = next_page(snapshot, self.position, self._directory)
        if page is not None:
            self.position, self._directory = page.position, page.directory
        return page

    def after(self, *steps: Step) -> ChangesPage:
        self.stage.tell(*steps)
        page = self.page()
        assert page is not None
        return page


@pytest.fixture
def listening(engine: Engine) -> Listening:
    """Ann's television, phone and laptop, and bob's television, before a whole catalog."""
    stage = Stage(engine)
    registered = [Watch(cduid, E3) for cduid in (TV, PHONE, LAPTOP, BOB)]
    stage.tell(*put(*ITEMS), *registered)
    return Listening(stage)


def items_of(changed: Changed | None) -> set[str]:
    assert changed is not None
    assert not changed.is_more
    return set(changed.items)


def limited(*denied: str) -> ChangeAccess:
    return ChangeAccess("ann", AccessChanged(denied_tags=denied))


def test_activity_is_about_its_item_and_what_is_above_for_the_whole_group(
    listening: Listening,
) -> None:
    page = listening.after(Watch(TV, E1))
    for cduid in (TV, PHONE, LAPTOP):
        assert page.seen_by(cduid) == Changed([E1, SEASON, SHOW, SHELF], False, True, True)


def test_nobody_is_told_of_another_users_activity(listening: Listening) -> None:
    assert listening.after(Watch(TV, E1)).seen_by(BOB) is None


def test_a_silo_is_told_of_itself_alone_and_nobody_of_it(listening: Listening) -> None:
    listening.after(ChangeMode(PHONE, IsolationMode.SILO))
    page = listening.after(Watch(TV, E1))
    assert page.seen_by(PHONE) is None
    page = listening.after(Watch(PHONE, E1))
    assert items_of(page.seen_by(PHONE)) == {E1, SEASON, SHOW, SHELF}
    assert page.seen_by(TV) is None


def test_a_mark_on_a_season_is_about_all_of_it(listening: Listening) -> None:
    page = listening.after(Watch(TV, SEASON))
    assert items_of(page.seen_by(PHONE)) == {SEASON, SHOW, SHELF, E1, E2, E3}


def test_activity_is_about_the_other_items_of_its_work_too(listening: Listening) -> None:
    page = listening.after(Link(ALIEN, "movie:coco"))
    both = {ALIEN, FILMS, "movie:coco", "movie_shelf:more"}
    assert items_of(page.seen_by(BOB)) == both
    assert items_of(listening.after(Watch(TV, ALIEN)).seen_by(TV)) == both
    unlinked = listening.after(Unlink(ALIEN)).seen_by(TV)
    assert unlinked is not None
    assert (set(unlinked.items), unlinked.is_more) == ({ALIEN, FILMS}, True)


def test_a_retraction_is_about_what_it_takes_back(listening: Listening) -> None:
    listening.after(Watch(TV, BRAZIL))
    page = listening.after(Retract(TV))
    assert page.seen_by(PHONE) == Changed([BRAZIL, FILMS], False, True, True)
    assert page.seen_by(BOB) is None


def test_what_the_catalog_does_not_know_is_new_in_the_history_alone(listening: Listening) -> None:
    assert listening.after(Watch(TV, "movie:ghost")).seen_by(TV) == Changed([], False, False, True)


def test_an_item_that_is_hidden_or_back_takes_what_is_below_along(listening: Listening) -> None:
    gone = listening.after(Hide(SEASON)).seen_by(BOB)
    assert items_of(gone) == {SEASON, SHOW, SHELF, E1, E2, E3}
    assert gone is not None
    assert not gone.history
    on_it = listening.after(Watch(TV, E1)).seen_by(TV)
    assert items_of(on_it) == {SHOW, SHELF}, "what is hidden isn't shown, only remembered"
    back = listening.after(Restore(SEASON)).seen_by(BOB)
    assert items_of(back) == {SEASON, SHOW, SHELF, E1, E2, E3}


def test_a_move_is_about_both_places_and_what_moves_along(listening: Listening) -> None:
    page = listening.after(Put(DARK_SEASON, parent=SHOW))
    assert items_of(page.seen_by(BOB)) == {DARK_SEASON, SHOW, SHELF, DARK, DARK_1, "episode:da1e2"}


def test_what_is_withheld_is_in_no_event(listening: Listening) -> None:
    listening.after(limited("gore"))
    described = Put(ALIEN, None, Details(title="Alien", tags=("gore",)))
    for step in (Watch(TV, ALIEN), Hide(ALIEN), Restore(ALIEN), described, Watch(TV, DARK)):
        assert listening.after(step).seen_by(TV) is None, step


def test_an_item_that_is_withheld_from_now_on_is_told_by_no_name(listening: Listening) -> None:
    listening.after(limited("scary"))
    page = listening.after(Put(BRAZIL, None, Details(tags=("scary",))))
    assert page.seen_by(TV) == Changed([], True, True, False)
    assert items_of(page.seen_by(BOB)) == {BRAZIL, FILMS}
    assert (
        listening.after(Put(BRAZIL, None, Details(title="B", tags=("scary",)))).seen_by(TV) is None
    )


def test_a_change_of_limits_changes_everything_for_that_user(listening: Listening) -> None:
    page = listening.after(limited("gore"))
    assert page.seen_by(PHONE) == Changed([], True, True, False)
    assert page.seen_by(BOB) is None


def test_a_change_of_mode_changes_everything_for_those_who_look_at_others(
    listening: Listening,
) -> None:
    listening.after(ChangeMode(LAPTOP, IsolationMode.SILO))
    page = listening.after(ChangeMode(PHONE, IsolationMode.QUIET))
    for cduid in (TV, PHONE):
        changed = page.seen_by(cduid)
        assert changed is not None
        assert (changed.is_more, changed.next_up) == (True, True)
    assert page.seen_by(LAPTOP) is None
    assert page.seen_by(BOB) is None


def test_a_new_device_user_changes_everything_for_its_user(listening: Listening) -> None:
    changed = listening.after(Watch("ann-car", E1)).seen_by(TV)
    assert changed is not None
    assert changed.is_more
    assert E1 in changed.items


def test_the_admin_is_told_of_everybody(listening: Listening) -> None:
    page = listening.after(Watch(TV, E1), Watch(BOB, "movie:ghost"), Hide(ALIEN))
    changed = page.seen_by_admin()
    assert items_of(changed) == {E1, SEASON, SHOW, SHELF, "movie:ghost", ALIEN, FILMS}


def test_more_items_than_are_named_are_told_as_more(
    listening: Listening, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(touched_items, "ITEMS_MAX", 4)
    changed = listening.after(Watch(TV, SEASON)).seen_by(TV)
    assert changed == Changed([SEASON, SHOW, SHELF, E1], True, True, True)
    assert listening.after(Watch(TV, E1)).seen_by(TV) == Changed(
        [E1, SEASON, SHOW, SHELF], False, True, True
    )


def test_a_long_way_is_told_in_pages(listening: Listening, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "PAGE_MAX", 2)
    listening.stage.tell(*(Watch(TV, item) for item in (E1, E2, BRAZIL, ALIEN, E1)))
    begun = listening.position
    pages = list(iter(listening.page, None))
    assert [page.position - begun for page in pages] == [2, 4, 5]


# What somebody missed.


def missed(stage: Stage, since: int, cduid: str | None) -> ChangesPage | None:
    with stage.reader.snapshot() as snapshot:
        return missed_page(snapshot, since, cduid)


def test_what_was_missed_is_told_at_once(listening: Listening) -> None:
    begun = listening.position
    listening.stage.tell(Watch(TV, E1), Watch(BOB, ALIEN), Hide("movie:coco"), Watch(PHONE, BRAZIL))
    page = missed(listening.stage, begun, TV)
    assert page is not None
    assert page.position == begun + 4
    expected = {E1, SEASON, SHOW, SHELF, BRAZIL, FILMS, "movie:coco", "movie_shelf:more"}
    assert items_of(page.seen_by(TV)) == expected
    everything = missed(listening.stage, begun, None)
    assert everything is not None
    assert items_of(everything.seen_by_admin()) == expected | {ALIEN}


def test_much_that_others_said_is_not_too_much_to_tell(
    listening: Listening, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "PAGE_MAX", 3)
    begun = listening.position
    listening.stage.tell(*(Watch(BOB, E1) for _ in range(10)), Watch(PHONE, E2))
    page = missed(listening.stage, begun, TV)
    assert page is not None
    assert items_of(page.seen_by(TV)) == {E2, SEASON, SHOW, SHELF}
    assert missed(listening.stage, begun, BOB) is None
    assert missed(listening.stage, begun, None) is None


def test_what_is_gone_behind_limits_meanwhile_is_told_by_no_name(listening: Listening) -> None:
    listening.after(limited("scary"))
    begun = listening.position
    listening.stage.tell(Put(BRAZIL, None, Details(tags=("scary",))))
    page = missed(listening.stage, begun, TV)
    assert page is not None
    assert page.seen_by(TV) == Changed([], True, True, False)


def test_whoever_lost_a_device_user_meanwhile_is_told(listening: Listening) -> None:
    listening.after(Watch(LAPTOP, BRAZIL), ChangeMode(PHONE, IsolationMode.SILO))
    begun = listening.position
    page = listening.after(Reassign(LAPTOP, "bob"))
    again = missed(listening.stage, begun, TV)
    assert again is not None
    for told in (page, again):
        for cduid in (TV, BOB):
            changed = told.seen_by(cduid)
            assert changed is not None
            assert (changed.is_more, changed.next_up) == (True, True)
        assert told.seen_by(PHONE) is None


# Nothing that changes is left out.


def answers(stage: Stage) -> dict[str, dict[str, Any]]:
    """All that each device user is shown, at one moment: what the clock brings nobody is told."""
    found = {}
    with Reader(stage.engine, clock_us=lambda: BEGIN_US + 100 * SLOT_US).snapshot() as snapshot:
        for cduid in snapshot.directory.device_users:
            viewer = snapshot.viewer(cduid)
            shown = {item: viewer.answer(item) for item in (*ITEMS, *GHOSTS)}
            found[cduid] = {**shown, "next up": [list(next_up(viewer, each)) for each in Section]}
    return found


def check_told(page: ChangesPage, before: dict[str, Any], after: dict[str, Any]) -> None:
    """All that is shown otherwise was told, to whoever sees it."""
    for cduid, shown in after.items():
        shown_before = before.get(cduid, {})
        different = {each for each in shown if shown[each] != shown_before.get(each)}
        changed = page.seen_by(cduid)
        if different:
            assert changed is not None, (cduid, different)
            assert changed.is_more or different - {"next up"} <= set(changed.items), cduid
            assert changed.next_up or "next up" not in different


def pages_of(stage: Stage, steps: list[Step], size: int) -> Iterator[None]:
    for first in range(0, len(steps), size):
        stage.tell(*steps[first : first + size])
        yield


@pytest.mark.parametrize("backend", ["sqlite"])
@ON_A_DATABASE
@given(life=lives(16))
def test_whatever_is_shown_otherwise_was_told(engine: Engine, life: list[Step]) -> None:
    stage = Stage(emptied(engine))
    listening = Listening(stage)
    before = answers(stage)
    for _ in pages_of(stage, life, 3):
        begun = listening.position
        page = listening.page()
        after = answers(stage)
        if page is None:
            assert before == after
            continue
        check_told(page, before, after)
        for cduid in after.keys() & before.keys():
            again = missed(stage, begun, cduid)
            assert again is not None
            check_told(again, {cduid: before[cduid]}, {cduid: after[cduid]})
        before = after


@pytest.mark.parametrize("backend", ["sqlite"])
@ON_A_DATABASE
@given(life=lives(16))
def test_a_silo_is_told_of_nothing_that_its_household_does(
    engine: Engine, life: list[Step]
) -> None:
    stage = Stage(emptied(engine))
    stage.tell(*put(*ITEMS), *(Watch(cduid, E1) for cduid in CDUIDS))
    stage.tell(ChangeMode(TV, IsolationMode.SILO))
    listening = Listening(stage)
    for step in life:
        if step in [ChangeMode(TV, mode) for mode in IsolationMode]:
            continue  # a silo is what it is about
        is_others = getattr(step, "cduid", None) not in {None, TV}
        is_others &= not getattr(step, "beside", ())
        stage.tell(step)
        page = listening.page()
        if page is not None and is_others:
            assert page.seen_by(TV) is None
