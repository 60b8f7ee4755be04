"""Rule 15: what a user may not see is nowhere, and nothing that is recorded depends on it."""

import pytest

from domain.events import AccessChanged
from tests.reference.examples import (
    ALIEN,
    BOB,
    BRAZIL,
    COCO,
    DARK,
    DARK_1,
    DARK_2,
    E1,
    E4,
    E5,
    FILMS,
    NEWS,
    SEASON,
    SEASON_2,
    SHELF,
    SHOW,
    TV,
    after,
    put,
)
from tests.reference.facts import item_of
from tests.reference.model import Reference
from tests.reference.steps import ChangeAccess, Hide, Progress, Put, Step, Watch

CATALOG = put(E1, E4, E5, DARK_1, DARK_2, ALIEN, BRAZIL, COCO)
NO_GORE = AccessChanged(denied_tags=("gore",))
KIDS = AccessChanged(allowed_tags=("kids",))
TV_SHELF = AccessChanged(allowed_shelves=(SHELF,))


def limited(access: AccessChanged, *steps: Step) -> Reference:
    return after(*CATALOG, Watch(BOB, E1), *steps, ChangeAccess("ann", access), Progress(TV, E1))


@pytest.mark.parametrize(
    ("access", "leaves"),
    [
        (NO_GORE, [COCO, BRAZIL, E1, E4]),
        (KIDS, [COCO, ALIEN, BRAZIL, DARK_2]),
        (TV_SHELF, [DARK_1, DARK_2, E1, E4, E5]),
        (AccessChanged(allowed_shelves=(SHELF,), denied_tags=("gore",)), [E1, E4]),
        (AccessChanged(allowed_shelves=(SHOW, ALIEN)), [ALIEN, E1, E4, E5]),
        (AccessChanged(allowed_shelves=(SHELF,), allowed_tags=("kids",)), [DARK_2]),
        (AccessChanged(allowed_shelves=()), []),
        (AccessChanged(allowed_tags=()), []),
    ],
)
def test_limits_are_asked_at_and_above_the_item(access: AccessChanged, leaves: list[str]) -> None:
    seen = limited(access).items(TV)
    assert sorted(item for item in seen if item in CATALOG_LEAVES) == sorted(leaves)


CATALOG_LEAVES = {step.item for step in CATALOG if isinstance(step, Put)}


def test_tags_compare_without_regard_to_case() -> None:
    assert limited(AccessChanged(denied_tags=("GORE",))).items(TV) == limited(NO_GORE).items(TV)
    assert limited(AccessChanged(allowed_tags=("Kids",))).items(TV) == limited(KIDS).items(TV)


def test_what_may_not_be_seen_is_answered_as_if_it_did_not_exist() -> None:
    reference = limited(NO_GORE)
    for item in (ALIEN, DARK, DARK_1, E5):
        assert reference.item(TV, item) is None
    assert reference.why(TV, ALIEN) is None


@pytest.mark.parametrize(
    "access", [NO_GORE, KIDS, AccessChanged(allowed_shelves=(SHELF, NEWS, "show:dark"))]
)
def test_what_the_catalog_does_not_know_is_answered_as_what_is_withheld(
    access: AccessChanged,
) -> None:
    reference = limited(access, Watch(TV, NEWS), Watch(TV, ALIEN))
    assert reference.history(TV, item=NEWS) == set()
    positions = {r.position for r in reference.log if item_of(r) == NEWS}
    assert positions
    assert not positions & reference.history(TV)
    assert positions <= reference.history()
    assert positions <= after(*CATALOG, Watch(BOB, E1), Watch(TV, NEWS)).history(TV)


def test_a_container_shows_while_something_watchable_under_it_does() -> None:
    assert limited(NO_GORE).sees(TV, SEASON_2)
    assert not limited(NO_GORE, Hide(E4)).sees(TV, SEASON_2)
    assert limited(KIDS).sees(TV, DARK)
    assert not limited(KIDS).sees(TV, SHOW)


def test_an_empty_container_shows_only_without_limits() -> None:
    assert after(*put(SEASON), Progress(TV, E1)).items(TV) == [SHELF, SHOW, SEASON]
    assert limited(TV_SHELF, *put("season:ex0")).children(TV, SHOW) == [SEASON, SEASON_2]


def test_a_restricted_users_counts_are_of_what_they_may_see() -> None:
    watched: list[Step] = [Watch(TV, E1), Watch(TV, E4)]
    before = after(*CATALOG, *watched).item(TV, SHOW)
    assert before is not None
    assert (before["watched"], before["leaves"]) == (False, 3)
    now = after(*CATALOG, *watched, ChangeAccess("ann", NO_GORE)).item(TV, SHOW)
    assert now is not None
    assert (now["watched"], now["leaves"], now["watched_leaves"]) == (True, 2, 2)


def test_what_is_withheld_is_in_no_list() -> None:
    reference = limited(NO_GORE, Watch(TV, ALIEN), Progress(TV, DARK_1))
    assert reference.plays(TV) == []
    assert [item for item, _ in reference.in_progress(TV)] == [E1]
    assert reference.next_up(TV).unwatched_movie == [COCO, BRAZIL]


def test_events_on_what_is_withheld_count_once_it_may_be_seen() -> None:
    restricted = [*CATALOG, ChangeAccess("ann", NO_GORE), Watch(TV, FILMS)]
    assert after(*restricted, ChangeAccess("ann", AccessChanged())).watched(TV, ALIEN)


def test_another_users_limits_are_their_own() -> None:
    assert limited(KIDS).sees(BOB, E1)
