"""What was watched elsewhere or long ago is added to the history, or taken out of it.

A show or a season without children is all of it, an event for each episode, as the history lists
them. What is taken out is retracted, whichever of the user's devices said it; what is watched all
the same, by a mark on what it stands under, is unwatched.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, NamedTuple
from uuid import UUID, uuid4, uuid5

from fastapi import APIRouter, Depends
from pydantic import BaseModel, BeforeValidator, Field
from sqlalchemy import select

from domain.events import (
    EPOCH,
    ActivityRetracted,
    ItemUnwatched,
    ItemWatched,
    device_user_stream,
)
from domain.instants import from_us
from domain.items import Kind, is_watchable, kind_of
from domain.references import Reference
from domain.rejection import Rejection
from domain.viewer import Viewer
from infrastructure.commands.authentication import Caller
from infrastructure.commands.submissions import Submission
from infrastructure.database.engine import read_transaction
from infrastructure.http.trakt.asking import Client, ClientAsked, ViewOfClient, sent
from infrastructure.http.trakt.history import all_plays
from infrastructure.ledger.schema import ledger_event
from infrastructure.trakt.finding import Media

router = APIRouter()

_IDS = UUID("6d1c8a52-2f0e-5c3b-9a44-0b7f6f1f8f7e")
_ENTRIES_MAX = 10_000
_UNKNOWN, _RELEASED = "unknown", "released"


def _watched_at(value: Any) -> Any:
    """Absent, as what is empty is; undated; or a time, in UTC unless it says another."""
    if not value:
        return None
    if value in {_UNKNOWN, _RELEASED}:
        return value
    found = datetime.fromisoformat(str(value))
    return found if found.tzinfo else found.replace(tzinfo=UTC)


WatchedAt = Annotated[datetime | str | None, BeforeValidator(_watched_at)]


class _Entry(Media):
    watched_at: WatchedAt = None


class _Season(_Entry):
    episodes: list[_Entry] | None = None


class _Show(_Entry):
    seasons: list[_Season] | None = None


class _Episode(_Entry):
    show: Media | None = None


class _Said(BaseModel):
    movies: Annotated[list[_Entry], Field(max_length=_ENTRIES_MAX)] = []
    shows: Annotated[list[_Show], Field(max_length=_ENTRIES_MAX)] = []
    seasons: Annotated[list[_Season], Field(max_length=_ENTRIES_MAX)] = []
    episodes: Annotated[list[_Episode], Field(max_length=_ENTRIES_MAX)] = []


class _Removed(_Said):
    ids: Annotated[list[int], Field(max_length=_ENTRIES_MAX)] = []


class _Named(NamedTuple):
    """One thing that is named: where it stood in the body, how, and when it was watched."""

    group: str
    media: Media
    reference: Reference | None
    watched_at: datetime | str | None


@router.post("/sync/history", status_code=201)
def add(client: ClientAsked, body: Annotated[_Said, Depends(sent(_Said))]) -> dict[str, Any]:
    named = list(_named(client, body))
    items = client.services.trakt.finder.items(client.user, [each.reference for each in named])
    events = [
        _watch(client, leaf, each.watched_at)
        for each, item in zip(named, items, strict=True)
        for leaf in _leaves(client, item)
    ]
    taken, _ = client.services.activity.submit(
        Caller(client.cduid),
        [Submission(_id(client, event), client.cduid, event) for event in events],
    )
    said = {
        event.item
        for event, each in zip(events, taken, strict=True)
        if not isinstance(each.result, Rejection) and each.result.status == "recorded"
    }
    return {
        "added": _counted(said),
        "updated": _counted(()),
        "not_found": _not_found(named, items),
    }


@router.post("/sync/history/remove")
def remove(
    asked: ViewOfClient, body: Annotated[_Removed, Depends(sent(_Removed))]
) -> dict[str, Any]:
    client = asked.client
    named = list(_named(client, body))
    references = [each.reference for each in named]
    items = client.services.trakt.finder.items(client.user, references, places=False)
    leaves = [leaf for item in items for leaf in _leaves(client, item)]
    with asked.opened() as (viewer, snapshot):
        by_id = {play.position: play for play in all_plays(viewer, snapshot.connection)}
        told = list(_taken_back(client, viewer, leaves))
    entries = [by_id[each] for each in dict.fromkeys(body.ids) if each in by_id]
    submissions = [each for _, each in told]
    submissions += _retractions(client, [play.position for play in entries])
    client.services.activity.submit(Caller(None), submissions)
    missing = [each for each in body.ids if each not in by_id]
    return {
        "deleted": _counted({*(item for item, _ in told), *(play.item for play in entries)}),
        "not_found": {**_not_found(named, items), "ids": missing},
    }


def _named(client: Client, body: _Said) -> Iterator[_Named]:
    """All that is named, down to where somebody named no more below."""
    refer = client.services.trakt.finder.reference
    for movie in body.movies:
        yield _Named("movies", movie, refer(Kind.MOVIE, movie, None), movie.watched_at)
    for season in body.seasons:
        yield _Named("seasons", season, refer(Kind.SEASON, season, None), season.watched_at)
    for episode in body.episodes:
        reference = refer(Kind.EPISODE, episode, episode.show)
        yield _Named("episodes", episode, reference, episode.watched_at)
    for show in body.shows:
        yield from _of_show(client, show)


def _of_show(client: Client, show: _Show) -> Iterator[_Named]:
    refer = client.services.trakt.finder.reference
    if not show.seasons:
        yield _Named("shows", show, refer(Kind.SHOW, show, None), show.watched_at)
    for season in show.seasons or ():
        at = season.watched_at or show.watched_at
        if not season.episodes:
            yield _Named("seasons", season, refer(Kind.SEASON, season, show), at)
        for episode in season.episodes or ():
            one = episode.model_copy(update={"season": season.number})
            reference = refer(Kind.EPISODE, one, show)
            yield _Named("episodes", one, reference, episode.watched_at or at)


def _leaves(client: Client, item: str | None) -> Iterator[str]:
    """What can be watched of an item, in order, as far as its user may see it."""
    if item is None:
        return
    if is_watchable(item):
        yield item
        return
    directory = client.services.trakt.finder.directory
    catalog, access = directory.catalog, directory.access(client.user)
    leaves = catalog.leaves_at(item)
    yield from (leaf for leaf in leaves if access.sees(catalog, leaf))


def _watch(client: Client, item: str, at: datetime | str | None) -> ItemWatched:
    """A watch: dated, undated, or, if nothing is said, now."""
    if at == _RELEASED:
        at = client.services.trakt.finder.catalog.nodes[item].details.released_at or _UNKNOWN
    if at in {_UNKNOWN, EPOCH}:
        return ItemWatched(item=item, undated=True)
    now = from_us(client.services.activity.clock_us())
    return ItemWatched(item=item, occurred_at=at if isinstance(at, datetime) else now)


def _id(client: Client, event: ItemWatched) -> UUID:
    """The same whenever the same is said, so that a sync that is done again says nothing new."""
    return uuid5(_IDS, f"{client.cduid}:{event.item}:{event.occurred_at}")


def _taken_back(
    client: Client, viewer: Viewer, leaves: Sequence[str]
) -> Iterator[tuple[str, Submission]]:
    """For each item what takes back all that says it is watched, beginning with who said it."""
    viewer.prefetch_completions(leaves)
    viewer.prefetch_rows(leaves)
    viewer.prefetch_marks(leaves)
    for leaf in leaves:
        positions = [each.completion.position for each in viewer.completions(leaf)]
        for each in _retractions(client, positions):
            yield leaf, each
        decider = viewer.decider(leaf)
        if viewer.is_watched(leaf) and decider and decider.position not in positions:
            now = from_us(client.services.activity.clock_us())
            event = ItemUnwatched(item=leaf, occurred_at=now)
            yield leaf, Submission(uuid4(), client.cduid, event)


def _retractions(client: Client, positions: Sequence[int]) -> Iterator[Submission]:
    """What takes back the events at these positions, said on the device users that said them."""
    event = ledger_event.c
    query = select(event.originator_id, event.submission_id).where(event.position.in_(positions))
    with read_transaction(client.services.engine) as connection:
        rows = connection.execute(query).all()
    for stream, submission_id in rows:
        cduid = stream.removeprefix(device_user_stream(""))
        yield Submission(uuid4(), cduid, ActivityRetracted(retracts=submission_id))


def _counted(items: Collection[str]) -> dict[str, int]:
    kinds = [kind_of(item) for item in items]
    return {"movies": kinds.count(Kind.MOVIE), "episodes": kinds.count(Kind.EPISODE)}


def _not_found(named: Sequence[_Named], items: Sequence[str | None]) -> dict[str, list[Any]]:
    """What there is none of, as it was named."""
    found: dict[str, list[Any]] = {each: [] for each in ("movies", "shows", "seasons", "episodes")}
    for each, item in zip(named, items, strict=True):
        if item is None:
            told = each.media.model_dump(include=_TOLD, exclude_none=True)
            found[each.group].append(told)
    return found


_TOLD = {"ids", "title", "year", "season", "number"}
