"""Now playing: what each device user's player does at this moment, from the ledger's own rows.

That is the newest progress of a device user, if it says `playing` and is no older than ten minutes.
A later report of anything else ends it, as does a watch or an unwatch of that very item on the same
device user. What was retracted was never said (rule 23).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, select

from domain.catalog import Catalog
from domain.claims import measured
from domain.events import (
    ActivityRetracted,
    ItemUnwatched,
    ItemWatched,
    PlayerState,
    ProgressReported,
    Recorded,
    device_user_stream,
    topics_of,
)
from infrastructure.ledger.schema import ledger_event
from infrastructure.querying.history import Question, events

_MINUTE_US = 60 * 1_000_000
NEWS_US = 10 * _MINUTE_US
"""A player that says nothing for so long has ended, or has lost its network."""
_LOOKED_BACK_US = 6 * 60 * _MINUTE_US
"""Nobody looks farther back for when it began: `since` is then the first report in this time."""

_event = ledger_event.c
_REPORTS = topics_of((ProgressReported,))
_SAID = topics_of((ProgressReported, ItemWatched, ItemUnwatched))
_RETRACTIONS = topics_of((ActivityRetracted,))


@dataclass(frozen=True, slots=True)
class Playing:
    """What is played on a device user. `at_us` is of the newest report.

    `since_us` is of the first in an unbroken row of reports, none ten minutes after the other, that
    say so of this item. Seconds and share are None where nobody knows them (rules 8 and 26).
    """

    cduid: str
    item: str
    at_us: int
    since_us: int
    played_seconds: float | None
    duration_seconds: float | None
    share: float | None


def now_playing(
    connection: Connection, catalog: Catalog, cduid: str, upto: int, now_us: int
) -> Playing | None:
    """What is played on a device user, by what was recorded up to a position."""
    said = _said(connection, catalog, cduid, upto, now_us)
    newest = _newest(said, now_us)
    if newest is None:
        return None
    recorded, event = newest
    played, duration, share = measured(event, catalog, recorded.catalog_version)
    since_us = _since_us(said, recorded.at_us, event.item)
    return Playing(cduid, event.item, recorded.at_us, since_us, played, duration, share)


def _newest(said: Iterator[Recorded], now_us: int) -> tuple[Recorded, ProgressReported] | None:
    """The newest report, if that item is still playing."""
    marked: set[str] = set()
    for recorded in said:
        event = recorded.event
        if isinstance(event, ProgressReported):
            is_over = (
                recorded.at_us < now_us - NEWS_US
                or event.state is not PlayerState.PLAYING
                or event.item in marked
            )
            return None if is_over else (recorded, event)
        if isinstance(event, ItemWatched | ItemUnwatched):
            marked.add(event.item)
    return None


def _since_us(said: Iterator[Recorded], at_us: int, item: str) -> int:
    """Since when an item is playing, by what was said before the report at `at_us`."""
    for recorded in said:
        event = recorded.event
        is_it = getattr(event, "item", None) == item
        if isinstance(event, ProgressReported):
            is_playing = event.state is PlayerState.PLAYING
            if not (is_it and is_playing and recorded.at_us >= at_us - NEWS_US):
                break
            at_us = recorded.at_us
        elif is_it:
            break
    return at_us


def _said(
    connection: Connection, catalog: Catalog, cduid: str, upto: int, now_us: int
) -> Iterator[Recorded]:
    """What was said lately on a device user that has a say, newest first, and wasn't retracted."""
    question = Question(upto=upto, cduids=(cduid,), topics=_SAID, since_us=now_us - _LOOKED_BACK_US)
    retracted = _retracted(connection, catalog, cduid, upto, now_us)
    found = events(connection, catalog, question)
    return (each for each in found if each.submission_id not in retracted)


def _retracted(
    connection: Connection, catalog: Catalog, cduid: str, upto: int, now_us: int
) -> set[UUID]:
    """What was retracted lately: of what is looked at nothing was before."""
    question = Question(
        upto=upto, cduids=(cduid,), topics=_RETRACTIONS, since_us=now_us - _LOOKED_BACK_US
    )
    return {
        each.event.retracts
        for each in events(connection, catalog, question)
        if isinstance(each.event, ActivityRetracted)
    }


def reporting(connection: Connection, upto: int, now_us: int) -> Sequence[str]:
    """The device users on which anybody reported progress lately, by name."""
    stream = _event.originator_id
    query = (
        select(stream)
        .distinct()
        .where(
            _event.topic.in_(_REPORTS), _event.at_us >= now_us - NEWS_US, _event.position <= upto
        )
        .with_hint(ledger_event, "INDEXED BY ledger_event_topic_at", "sqlite")
    )
    prefix = device_user_stream("")
    return sorted(found.removeprefix(prefix) for found in connection.scalars(query))
