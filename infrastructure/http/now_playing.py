"""What is playing at this moment, for a viewer on all devices that it sees, and for the admin."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from fastapi import APIRouter, Response
from pydantic import TypeAdapter
from typing_extensions import TypedDict

from domain.directory import Directory
from domain.instants import from_us
from domain.items import Id
from infrastructure.http.dependencies import AdminAsked, ServicesAsked, problems
from infrastructure.http.paging import Cursor, Limit, from_cursor, page_of, to_cursor
from infrastructure.http.reading import After, PresentViewInPath, RetriedWhenStale
from infrastructure.http.responses import written
from infrastructure.ledger.recorder import now_us
from infrastructure.querying.now_playing import Playing, now_playing, reporting
from infrastructure.querying.reader import Snapshot
from infrastructure.querying.views import Titled, titles

router = APIRouter(prefix="/v1", tags=["read"], route_class=RetriedWhenStale)


class PlayingShown(TypedDict):
    """`at` is when the player last said so, `since` when it began, as far as six hours back.

    `device_name` is the one that people gave it, or else its own.
    """

    cduid: str
    user: str
    device: str
    device_name: str | None
    item: str
    titles: list[Titled]
    share: float | None
    played_seconds: float | None
    duration_seconds: float | None
    at: datetime
    since: datetime


class NowPlayingPage(TypedDict):
    """By cduid."""

    items: list[PlayingShown]
    next_cursor: str | None
    position: int


_PAGE = TypeAdapter(NowPlayingPage)
_CDUID = TypeAdapter(Id)


@router.get(
    "/device-users/{cduid}/now-playing",  # noqa: FAST003  # the view asks for it
    summary="What is playing on the devices that the viewer sees, its own among them",
    response_model=NowPlayingPage,
    responses=problems("unknown_device_user", "invalid_cursor", "projection_behind"),
)
def get_viewer_now_playing(
    asked: PresentViewInPath, limit: Limit = 100, cursor: Cursor = None
) -> Response:
    with asked.opened() as view:
        found = _playing(view.snapshot, view.viewer.cduids, cursor)
        return _page(view.snapshot, (each for each in found if view.viewer.sees(each.item)), limit)


@router.get(
    "/now-playing",
    summary="What is playing anywhere",
    dependencies=[After],
    response_model=NowPlayingPage,
    responses=problems("admin_only", "invalid_cursor", "projection_behind"),
)
def get_now_playing(
    _: AdminAsked, services: ServicesAsked, limit: Limit = 100, cursor: Cursor = None
) -> Response:
    with services.reader.snapshot() as snapshot:
        cduids = reporting(snapshot.connection, snapshot.position, now_us())
        known = (each for each in cduids if each in snapshot.directory.device_users)
        return _page(snapshot, _playing(snapshot, known, cursor), limit)


def _playing(snapshot: Snapshot, cduids: Iterable[str], cursor: str | None) -> Iterator[Playing]:
    """By cduid, which the cduids are in the order of."""
    after = "" if cursor is None else from_cursor(cursor, _CDUID)
    now, catalog = now_us(), snapshot.directory.catalog
    for cduid in cduids:
        if cduid > after:
            found = now_playing(snapshot.connection, catalog, cduid, snapshot.position, now)
            if found is not None:
                yield found


def _page(snapshot: Snapshot, found: Iterable[Playing], limit: int) -> Response:
    page, is_more = page_of(found, limit)
    shown = NowPlayingPage(
        items=[_playing_shown(snapshot.directory, each) for each in page],
        next_cursor=to_cursor(page[-1].cduid) if is_more else None,
        position=snapshot.position,
    )
    return written(_PAGE, shown)


def _playing_shown(directory: Directory, playing: Playing) -> PlayingShown:
    device_user = directory.device_users[playing.cduid]
    names = directory.devices[device_user.device]
    return PlayingShown(
        cduid=playing.cduid,
        user=device_user.user,
        device=device_user.device,
        device_name=names.display_name or names.reported_name,
        item=playing.item,
        titles=titles(directory.catalog, playing.item),
        share=playing.share,
        played_seconds=playing.played_seconds,
        duration_seconds=playing.duration_seconds,
        at=from_us(playing.at_us),
        since=from_us(playing.since_us),
    )
