"""Erasing rows of the ledger: emptied where they stand, so that positions and digests stay.

An emptied event keeps position, version, digest and catalog version. Its stream gets a name that
says nothing, and its time becomes that of the event before it that isn't erased, so that times
don't decrease and tell nothing either. What others said and what is said of them stays; where it
names the user, the name is taken out.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from heapq import merge
from itertools import islice
from typing import Any, NamedTuple
from uuid import uuid4

from sqlalchemy import ColumnElement, Connection, bindparam, func, or_, select, update

from domain.directory import Directory
from domain.events import (
    DeviceUserReassigned,
    DeviceUserRegistered,
    Erased,
    Event,
    SpokenFact,
    device_user_stream,
    erased_stream,
)
from infrastructure.ledger.digest import erased_salt
from infrastructure.ledger.mapper import decode_row, encode
from infrastructure.ledger.schema import ledger_event

_CHUNK = 1_000
_TOPIC, _STATE = encode(Erased())

_event = ledger_event.c
_EMPTIED = (
    update(ledger_event)
    .where(_event.position == bindparam("at"))
    .values(
        originator_id=bindparam("name"),
        topic=_TOPIC,
        state=_STATE,
        recorded_at_us=bindparam("time_us"),
        at_us=bindparam("time_us"),
        submission_id=bindparam("id"),
        user=None,
        item=None,
        salt=bindparam("mark"),
    )
)
_RENAMED = (
    update(ledger_event)
    .where(_event.position == bindparam("at"))
    .values(user=bindparam("owner"), state=bindparam("facts"), salt=bindparam("mark"))
)


@dataclass(frozen=True, slots=True)
class Erasure:
    """One erasure: its number, the streams that it empties, and what their new names come from."""

    id: str
    user: str
    streams: tuple[str, ...]
    secret: bytes

    def name_of(self, stream: str) -> str:
        """What a stream is called afterwards: the same in each try, and told by nothing else."""
        return erased_stream(sha256(self.secret + stream.encode()).hexdigest()[:32])


class _Place(NamedTuple):
    position: int
    stream: str
    is_activity: bool


def early_activity(connection: Connection, erasure: Erasure) -> list[int]:
    """The next positions to empty beforehand; all that is left over is for the last transaction.

    A stream's newest event stays to the end, since whoever appends goes on from it, and so does
    what is said of device users, since they are there until all of it goes.
    """
    places = (
        _places(connection, stream, before=_newest(connection, stream))
        for stream in erasure.streams
    )
    activity = (each.position for each in merge(*places) if each.is_activity)
    return list(islice(activity, _CHUNK))


def _newest(connection: Connection, stream: str) -> int:
    versions = select(func.max(_event.originator_version)).where(_event.originator_id == stream)
    return connection.execute(versions).scalar_one() or 0


def _places(connection: Connection, stream: str, *, before: int | None = None) -> Iterator[_Place]:
    """Where a stream's events stand, in order."""
    query = (
        select(_event.position, _event.originator_version, _event.submission_id.is_not(None))
        .where(_event.originator_id == stream, _event.originator_version > bindparam("version"))
        .order_by(_event.originator_version)
        .limit(_CHUNK)
    )
    if before is not None:
        query = query.where(_event.originator_version < before)
    version = 0
    while rows := connection.execute(query, {"version": version}).all():
        for position, version, is_activity in rows:  # noqa: B007  # the next page begins behind it
            yield _Place(position, stream, is_activity)


def empty(connection: Connection, erasure: Erasure, positions: Collection[int]) -> int:
    """Empties these events, which are in ascending order; answers how many there were."""
    if not positions:
        return 0
    wanted = select(_event.position, _event.originator_id, _event.submission_id.is_not(None))
    found = [
        _Place(*row)
        for row in connection.execute(
            wanted.where(_event.position.in_(positions)).order_by(_event.position)
        )
    ]
    mark = erased_salt(erasure.id)
    connection.execute(
        _EMPTIED,
        [
            {
                "at": place.position,
                "name": erasure.name_of(place.stream),
                "time_us": time_us,
                "id": uuid4() if place.is_activity else None,
                "mark": mark,
            }
            for place, time_us in zip(found, _times_us(connection, erasure, found), strict=True)
        ],
    )
    return len(found)


def empty_all(connection: Connection, erasure: Erasure) -> None:
    """Empties whatever is left of an erasure's streams."""
    places = merge(*(_places(connection, stream) for stream in erasure.streams))
    positions = [each.position for each in places]
    for at in range(0, len(positions), _CHUNK):
        empty(connection, erasure, positions[at : at + _CHUNK])


def _times_us(connection: Connection, erasure: Erasure, places: Sequence[_Place]) -> Iterator[int]:
    """When what stands before each event and isn't erased was recorded; 0 if nothing does."""
    before = select(_event.recorded_at_us).where(
        _event.position < bindparam("at"), _event.originator_id.not_in(erasure.streams)
    )
    query = before.order_by(_event.position.desc()).limit(1)
    last, time_us = None, 0
    for place in places:
        if place.position - 1 != last:
            time_us = connection.execute(query, {"at": place.position}).scalar() or 0
        last = place.position
        yield time_us


def take_name_out(connection: Connection, erasure: Erasure, now: Directory) -> None:
    """Takes the user's name out of what is other people's: who else watched, whose it was before.

    What was theirs and is another's now, has been that one's all along (rule 33).
    """
    mark = erased_salt(erasure.id)
    for stream, owner in _naming_streams(erasure, now):
        renamed = _without_name(connection, stream, erasure.user, owner)
        while chunk := list(islice(renamed, _CHUNK)):
            connection.execute(_RENAMED, [{**each, "mark": mark} for each in chunk])


def _naming_streams(erasure: Erasure, now: Directory) -> Iterator[tuple[str, str]]:
    """Streams that may name the user, with whose they are: whoever was on the same devices."""
    devices = {
        known.device
        for cduid, known in now.device_users.items()
        if device_user_stream(cduid) in erasure.streams or cduid in now.reassigned
    }
    for cduid, known in now.device_users.items():
        stream = device_user_stream(cduid)
        if known.device in devices and stream not in erasure.streams:
            yield stream, known.user


def _without_name(
    connection: Connection, stream: str, user: str, owner: str
) -> Iterator[dict[str, Any]]:
    """What has to change of a stream's events, as columns."""
    query = (
        select(_event.position, _event.originator_version, _event.user, _event.topic, _event.state)
        .where(_event.originator_id == stream, or_(_event.user == user, _says(connection, user)))
        .order_by(_event.originator_version)
    )
    for position, version, whose, topic, state in connection.execute(query).all():
        event = decode_row(topic, state, position=position, stream=stream, version=version)
        other = _renamed(event, user, owner)
        if whose == user or other != event:
            facts = state if other == event else encode(other)[1]
            yield {"at": position, "owner": owner if whose == user else whose, "facts": facts}


def _says(connection: Connection, name: str) -> ColumnElement[bool]:
    """That a name stands somewhere in an event's facts."""
    if connection.dialect.name == "sqlite":
        return func.instr(_event.state, name.encode()) > 0
    return func.strpos(func.encode(_event.state, "escape"), name) > 0


def _renamed(event: Event, user: str, owner: str) -> Event:
    if isinstance(event, DeviceUserRegistered | DeviceUserReassigned) and event.user == user:
        return event.model_copy(update={"user": owner})
    if isinstance(event, SpokenFact) and user in event.with_users:
        company = tuple(each for each in event.with_users if each != user)
        return event.model_copy(update={"with_users": company})
    return event


def last_recorded_us(connection: Connection, streams: Iterable[str]) -> int:
    """When the newest event of these streams was recorded; 0 if they have none."""
    newest = select(_event.recorded_at_us).where(_event.originator_id == bindparam("stream"))
    query = newest.order_by(_event.originator_version.desc()).limit(1)
    times = (connection.execute(query, {"stream": each}).scalar() or 0 for each in streams)
    return max(times, default=0)
