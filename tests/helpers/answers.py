"""Holds everything that is read from a database against the reference model."""

from random import Random

from domain.next_up import Section, next_up
from domain.viewer import InProgress, ItemAnswer, Rewatch, Viewer
from infrastructure.querying.reader import Snapshot
from tests.helpers.tables import check_tables
from tests.reference import model
from tests.reference.lives import LEAVES
from tests.reference.model import Reference
from tests.reference.universe import GHOSTS, ITEMS


def check_answers(snapshot: Snapshot, reference: Reference) -> None:
    """Every item, list, next up and row of every device user. Raises AssertionError.

    `reference` is as of the snapshot's position.
    """
    assert snapshot.position == len(reference.log)
    assert snapshot.directory.device_users.keys() == reference.users.keys()
    for cduid in reference.users:
        check_viewer(snapshot.viewer(cduid), reference)
    check_tables(snapshot.connection, reference)


def check_viewer(viewer: Viewer, reference: Reference) -> None:
    cduid = viewer.cduid
    assert set(viewer.cduids) == reference.group(cduid)
    items = [*ITEMS, *GHOSTS]
    expected = [answer for item in items if (answer := reference.item(cduid, item)) is not None]
    assert [as_told(answer) for answer in viewer.answers(items)] == expected
    assert [item for item in viewer.catalog.tree() if viewer.sees(item)] == reference.items(cduid)
    started = [(leaf, told) for leaf, found in viewer.all_in_progress() if (told := _told(found))]
    assert started == reference.in_progress(cduid)
    dismissed = [(item, since[0]) for item, since in viewer.dismissed_items()]
    assert dismissed == reference.dismissed(cduid)
    _check_plays(viewer, reference)
    _check_next_up(viewer, reference)


def check_single_item(snapshot: Snapshot, reference: Reference, chance: Random) -> None:
    """One item for one device user, with nothing of it in memory yet."""
    if not reference.users:
        return
    cduid, item = chance.choice(list(reference.users)), chance.choice(ITEMS)
    answer = snapshot.viewer(cduid).answer(item)
    assert (answer and as_told(answer)) == reference.item(cduid, item)


def as_told(answer: ItemAnswer) -> model.ItemAnswer:
    return model.ItemAnswer(
        item=answer.item,
        kind=answer.kind,
        parent=answer.parent,
        index=answer.index,
        title=answer.title,
        watched=answer.watched,
        leaves=answer.leaves,
        watched_leaves=answer.watched_leaves,
        in_progress=_told(answer.in_progress),
        plays=answer.plays,
        last_played_at_us=answer.last_played_at_us,
        work=answer.work,
        rewatch=_rewatch_told(answer.rewatch),
    )


def _rewatch_told(found: Rewatch | None) -> model.Rewatch | None:
    if found is None:
        return None
    return model.Rewatch(since_us=found.since_us, watched_leaves=found.watched_leaves)


def _told(found: InProgress | None) -> model.InProgress | None:
    if found is None:
        return None
    return model.InProgress(
        played_seconds=found.progress.played_seconds,
        duration_seconds=found.progress.duration_seconds,
        share=found.progress.share,
        at_us=found.progress.at_us,
        cduid=found.cduid,
    )


def _check_plays(viewer: Viewer, reference: Reference) -> None:
    for leaf in LEAVES:
        if viewer.sees(leaf):
            plays = [model.Play(p.item, p.at_us, p.cduid, p.position) for p in viewer.plays(leaf)]
            assert plays == reference.plays(viewer.cduid, leaf)


def _check_next_up(viewer: Viewer, reference: Reference) -> None:
    expected = reference.next_up(viewer.cduid)
    started = [(each.item, each.at_us) for each in next_up(viewer, Section.IN_PROGRESS)]
    assert started == expected.in_progress
    episodes = [(s.item, s.anchor, s.at_us) for s in next_up(viewer, Section.NEXT_EPISODE)]
    assert episodes == expected.next_episode
    movies = [each.item for each in next_up(viewer, Section.UNWATCHED_MOVIE)]
    assert movies == expected.unwatched_movie
    assert [each.item for each in next_up(viewer, Section.UPCOMING)] == expected.upcoming


Told = tuple[list[model.ItemAnswer], list[str], list[list[object]]]


def told(viewer: Viewer) -> Told:
    """Every answer for a viewer that names no position."""
    items = [as_told(answer) for answer in viewer.answers([*ITEMS, *GHOSTS])]
    started = [leaf for leaf, _ in viewer.all_in_progress()]
    return items, started, [list(next_up(viewer, section)) for section in Section]
