"""Random lives are what a ledger can hold, and keep to what holds of every ledger."""

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise, repeat
from random import Random
from typing import get_args

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from domain.events import (
    ACTIVITY,
    CATALOG_STREAM,
    EVENT_CLASSES,
    AccessChanged,
    AccountEvent,
    DeviceDescribed,
    Erased,
    IsolationModeChanged,
    ItemPlaced,
    ItemWatched,
    ProgressReported,
    Recorded,
    SourceEvent,
    TokenIssued,
    TokenRevoked,
    UserErased,
)
from domain.items import PARENT_KIND, kind_of
from tests.reference.lives import LEAVES, a_step, life, lives
from tests.reference.model import ItemAnswer, Reference
from tests.reference.rows import Row, check_rows, rolled_up
from tests.reference.steps import Put, Step
from tests.reference.universe import ITEMS
from tests.reference.world import log_of, record, settled_then_spoken

Answers = dict[str, tuple[list[ItemAnswer | None], object, set[Row]]]


def answers(reference: Reference) -> Answers:
    """What every device user sees, without positions: items, next up, rows."""
    return {
        cduid: (
            [reference.item(cduid, item) for item in reference.items(cduid)],
            reference.next_up(cduid),
            rolled_up(reference, reference.group(cduid)),
        )
        for cduid in reference.users
    }


def groups(reference: Reference) -> set[frozenset[str]]:
    return {reference.group(cduid) for cduid in reference.users}


@given(lives())
def test_a_life_is_what_a_ledger_holds(steps: list[Step]) -> None:
    log = log_of(*steps)
    assert [r.position for r in log] == list(range(1, len(log) + 1))
    assert all(a.recorded_at_us <= b.recorded_at_us for a, b in pairwise(log))
    counts: Counter[str] = Counter()
    for recorded in log:
        counts[recorded.stream] += 1
        assert recorded.at_us <= recorded.recorded_at_us
        assert recorded.version == counts[recorded.stream]
        assert recorded.catalog_version == counts[CATALOG_STREAM]
        assert (recorded.submission_id is not None) == isinstance(recorded.event, ACTIVITY)


@given(lives())
def test_a_life_places_items_only_where_they_can_stand(steps: list[Step]) -> None:
    catalog = Reference(log_of(*steps)).catalog
    for item, standing in catalog.items.items():
        parent_kind = standing.parent and kind_of(standing.parent)
        assert parent_kind == PARENT_KIND[kind_of(item)]
        assert standing.parent is None or standing.parent in catalog.items


def test_a_seed_gives_the_same_life_every_time() -> None:
    assert life(7, 50) == life(7, 50) != life(8, 50)


def test_lives_meet_every_event_and_every_claim() -> None:
    met: Counter[object] = Counter()
    for seed in range(60):
        reference = Reference(log_of(*life(seed, 60)))
        met.update(type(r.event) for r in reference.log)
        met.update(reference.claim(r) for r in reference.log if isinstance(r.event, ACTIVITY))
    not_of_viewing = {DeviceDescribed, TokenIssued, TokenRevoked, UserErased, Erased}
    not_of_viewing |= {*get_args(SourceEvent), *get_args(AccountEvent)}
    claims = {"watch", "unwatch", "complete", "started", None}
    assert set(met) == {*EVENT_CLASSES, *claims} - not_of_viewing


def test_lives_meet_what_is_rare() -> None:
    met: Counter[str] = Counter()
    for seed in range(150):
        reference = Reference(log_of(*life(seed, 80)))
        met.update(_rare(reference))
        for cduid in reference.users:
            met.update(_rare_for(reference, cduid))
    wanted = {"opens", "untimed", "further_on", "same_viewing", "idle", "retracted", "early"}
    wanted |= {"together", "meant earlier", "to come", "dismissed", "left behind", "restarted"}
    wanted |= {"rewatch", "upcoming", "twin", "share", "no duration", "grown"}
    assert {each for each in wanted if met[each] < 5} == set()


def _rare(reference: Reference) -> Iterator[str]:
    ids = Counter(r.submission_id for r in reference.log if r.submission_id)
    yield from ("together" for count in ids.values() if count > 1)
    yield from ("idle" for r in reference.said if reference.is_idle(r))
    for r in reference.log:
        if r.submission_id is not None and (retraction := reference.retraction(r)) is not None:
            yield "early" if retraction.position < r.position else "retracted"
        if isinstance(r.event, ItemWatched) and reference.meant_version(r) < r.catalog_version:
            yield "meant earlier"
        if isinstance(r.event, ProgressReported):
            sent, counted = r.event.duration_seconds, reference.duration_seconds(r)
            yield "share" if r.event.share is not None else "seconds"
            yield "no duration" if counted is None else "a duration"
            yield "grown" if sent is not None and sent != counted else "as sent"


def _rare_for(reference: Reference, cduid: str) -> Iterator[str]:
    next_up, answered = reference.next_up(cduid), map(reference.item, repeat(cduid), ITEMS)
    left_behind = len(reference.in_progress(cduid)) - len(next_up.in_progress)
    yield from ["left behind"] * left_behind
    yield from ("restarted" for _, anchor, _ in next_up.next_episode if anchor is None)
    yield from ("upcoming" for _ in next_up.upcoming)
    yield from ("dismissed" for _ in reference.dismissed(cduid))
    yield from ("to come" for leaf in LEAVES if reference.is_to_come(cduid, leaf))
    for answer in answered:
        if answer is not None:
            yield from ["twin"] * len(answer["work"])
            yield from ["rewatch"] * (answer["rewatch"] is not None)
    for leaf in LEAVES:
        yield from (verdict for _, verdict in reference.judged(reference.group(cduid), leaf))


@given(lives(), st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_matter(steps: list[Step], chance: Random) -> None:
    settled, spoken = settled_then_spoken(steps)
    shuffled = chance.sample(spoken, len(spoken))
    one, other = record([*settled, *spoken]), record([*settled, *shuffled])
    assert answers(Reference(one)) == answers(Reference(other))


@given(lives())
def test_rolled_up_rows_keep_the_rules(steps: list[Step]) -> None:
    reference = Reference(log_of(*steps))
    for group in groups(reference):
        check_rows(reference, group, rolled_up(reference, group))


@given(lives(), st.sampled_from(ITEMS))
def test_placing_an_item_that_nobody_spoke_of_touches_no_row(steps: list[Step], item: str) -> None:
    before, after = Reference(log_of(*steps)), Reference(log_of(*steps, Put(item)))
    placed = after.log[len(before.log) :]
    assume(all(isinstance(r.event, ItemPlaced) for r in placed))
    for group in groups(before):
        if _is_news(before, group, placed):
            assert rolled_up(before, group) == rolled_up(after, group)


def _is_news(before: Reference, group: frozenset[str], placed: tuple[Recorded, ...]) -> bool:
    new = {r.event.item for r in placed if isinstance(r.event, ItemPlaced)}
    return new.isdisjoint(before.spoken(group))


@given(lives(), st.integers(min_value=0))
def test_as_of_is_what_was_answered_then_if_no_setting_changed_since(
    steps: list[Step], cut: int
) -> None:
    log = log_of(*steps)
    position = cut % (len(log) + 1)
    settings = (IsolationModeChanged, AccessChanged)
    assume(not any(isinstance(r.event, settings) for r in log[position:]))
    then, as_of = Reference(log[:position]), Reference(log).as_of(position)
    for cduid, answer in answers(then).items():
        if then.group(cduid) == as_of.group(cduid):
            assert answer == answers(as_of)[cduid]


@given(lives())
def test_items_are_listed_parents_first_and_counts_add_up(steps: list[Step]) -> None:
    reference = Reference(log_of(*steps))
    for cduid in reference.users:
        listed = {item: reference.item(cduid, item) for item in reference.items(cduid)}
        seen: set[str | None] = {None}
        for item, answer in listed.items():
            assert answer is not None
            assert answer["parent"] in seen
            seen.add(item)
            below = [a for a in listed.values() if a is not None and a["parent"] == item]
            assert not below or answer["leaves"] == sum(a["leaves"] for a in below)
            assert not below or answer["plays"] == sum(a["plays"] for a in below)


@pytest.mark.long
@pytest.mark.parametrize("block", range(20))
def test_rolled_up_rows_keep_the_rules_for_thousands_of_lives(block: int) -> None:
    for seed in range(block * 200, (block + 1) * 200):
        log = log_of(*life(seed, 80))
        for length in range(len(log), 0, -25):
            reference = Reference(log[:length])
            for group in groups(reference):
                check_rows(reference, group, rolled_up(reference, group))


@given(a_step())
def test_any_single_step_is_possible(step: Step) -> None:
    assert isinstance(log_of(step), list)
