"""Reads the ledger: its events in the order of their positions, and where it ends.

Decoding is most of a replay, so a row goes from the driver's tuple to its event by one look-up and
one validation.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import takewhile
from typing import Any, NamedTuple
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import Connection, Select, Text, and_, bindparam, or_, select, type_coerce

from domain.events import CATALOG_STREAM, Recorded
from infrastructure.database.problems import DatabaseDamaged
from infrastructure.ledger.entries import Head, Row
from infrastructure.ledger.mapper import VALIDATORS, decode_row
from infrastructure.ledger.schema import IS_CHANGED, ledger_event
from infrastructure.ledger.statements import HEAD

REPLAY_PAGE = 5_000
"""How many events whoever goes through the ledger from its beginning reads at a time."""

_NO_END = 2**62
_TAIL_CHUNK_FIRST = 50

_event = ledger_event.c
_UUID: Any = TypeAdapter(UUID).validator  # makes one four times faster than the class does

COLUMNS = (
    _event.position,
    _event.originator_id,
    _event.originator_version,
    _event.recorded_at_us,
    _event.at_us,
    _event.catalog_version,
    type_coerce(_event.submission_id, Text),  # `decoded` makes UUIDs faster than the type does
    _event.user,
    _event.topic,
    _event.state,
)
"""What a query selects so that `decoded` can make events of its rows."""

RawRow = Sequence[Any]

_after = _event.position > bindparam("after")
_READ: Select[Any] = (
    select(*COLUMNS).where(_after).order_by(_event.position).limit(bindparam("limit"))
)
_ROWS: Select[Any] = (
    select(*ledger_event.c).where(_after).order_by(_event.position).limit(bindparam("limit"))
)
_CHANGED: Select[Any] = _ROWS.where(IS_CHANGED).with_hint(
    ledger_event, "INDEXED BY ledger_event_changed", "sqlite"
)
_ACTIVITY: Select[Any] = (
    select(*COLUMNS)
    .where(
        _event.originator_id == bindparam("stream"),
        _event.originator_version > bindparam("version"),
        _event.position <= bindparam("upto"),
        _event.submission_id.is_not(None),
    )
    .order_by(_event.originator_version)
    .limit(bindparam("limit"))
)
_TAIL: Select[Any] = (
    select(*COLUMNS)
    .where(
        _event.originator_id == bindparam("stream"), _event.originator_version < bindparam("before")
    )
    .order_by(_event.originator_version.desc())
    .limit(bindparam("limit"))
)
_USER_SPAN: Select[Any] = (
    select(*COLUMNS)
    .where(
        _after,
        _event.position <= bindparam("upto"),
        or_(
            _event.submission_id.is_(None),
            and_(
                _event.user >= bindparam("first"),
                _event.user < bindparam("end"),
                _event.originator_id.not_in(bindparam("moved", expanding=True)),
            ),
            _event.originator_id.in_(bindparam("moved_here", expanding=True)),
        ),
    )
    .order_by(_event.position)
    .with_hint(ledger_event, "NOT INDEXED", "sqlite")
)
_CATALOG: Select[Any] = (
    select(*COLUMNS)
    .where(
        _event.originator_id == CATALOG_STREAM,
        _event.originator_version > bindparam("version"),
        _event.originator_version <= bindparam("upto"),
    )
    .order_by(_event.originator_version)
    .limit(bindparam("limit"))
)
_CATALOG_VERSION: Select[Any] = select(_event.catalog_version).where(
    _event.position == bindparam("position")
)
_RECORDED_AT: Select[Any] = (
    select(_event.recorded_at_us)
    .where(_event.position >= bindparam("position"))
    .order_by(_event.position)
    .limit(1)
)


def head(connection: Connection) -> Head:
    """Where the ledger ends; all zeros while nothing has been recorded.

    Raises DatabaseDamaged if there is no telling.
    """
    rows = connection.exec_driver_sql(HEAD).all()
    if len(rows) != 1:
        raise DatabaseDamaged(
            f"The ledger's head has {len(rows)} rows; it should have one. Run `watchledger verify`."
        )
    return Head(*rows[0])


def read(connection: Connection, after: int, limit: int) -> list[Recorded]:
    """The next events after a position, all kinds, by position. Raises UnreadableEvent."""
    return decoded(connection.execute(_READ, {"after": after, "limit": limit}).all())


def settings_query(after: int, upto: int) -> Select[Any]:
    """Selects the rows of `read_settings`."""
    return (
        select(*COLUMNS)
        .where(_event.position > after, _event.position <= upto, _event.submission_id.is_(None))
        .order_by(_event.position)
        .with_hint(ledger_event, "INDEXED BY ledger_event_settings", "sqlite")
    )


def read_rows(connection: Connection, after: int, limit: int) -> list[Row]:
    """The next events after a position as they are stored, undecoded."""
    rows = connection.execute(_ROWS, {"after": after, "limit": limit}).all()
    return [_as_hashed(Row._make(row)) for row in rows]


def read_changed_rows(connection: Connection, after: int, limit: int) -> list[Row]:
    """As `read_rows`, of the events that an erasure has changed."""
    rows = connection.execute(_CHANGED, {"after": after, "limit": limit}).all()
    return [_as_hashed(Row._make(row)) for row in rows]


def _as_hashed(row: Row) -> Row:
    """With the submission id in digits, and bytes even where someone left text by hand."""
    submission_id: UUID | str | None = row.submission_id
    if isinstance(submission_id, UUID):
        row = row._replace(submission_id=submission_id.hex)
    state: bytes | str = row.state
    return row._replace(state=state.encode()) if isinstance(state, str) else row


class UserSpan(NamedTuple):
    """Users from a name to before another, in the order of code points.

    `moved` are the streams that weren't always their user's; of these `moved_here` are, as of now,
    of users of this span.
    """

    first: str
    end: str
    moved: tuple[str, ...] = ()
    moved_here: tuple[str, ...] = ()


def read_user_span(connection: Connection, after: int, upto: int, span: UserSpan) -> list[Recorded]:
    """The events in (after, upto], without activity but that of the span's users.

    By position. Raises UnreadableEvent.
    """
    asked = {
        "after": after,
        "upto": upto,
        "first": span.first,
        "end": span.end,
        "moved": span.moved,
        "moved_here": span.moved_here,
    }
    return decoded(connection.execute(_USER_SPAN, asked).all())


def read_settings(
    connection: Connection, after: int, upto: int, limit: int | None = None
) -> list[Recorded]:
    """All but activity in (after, upto], by position, in time proportional to what there is.

    The first `limit` of it, if that is given. Raises UnreadableEvent.
    """
    return decoded(connection.execute(settings_query(after, upto).limit(limit)).all())


def read_activity(
    connection: Connection, stream: str, upto: int, version: int = 0
) -> Iterator[Recorded]:
    """The activity of a stream from behind a version up to a position, in order, in chunks.

    Raises UnreadableEvent.
    """
    while True:
        asked = {"stream": stream, "version": version, "upto": upto, "limit": REPLAY_PAGE}
        chunk = decoded(connection.execute(_ACTIVITY, asked).all())
        yield from chunk
        if len(chunk) < REPLAY_PAGE:
            return
        version = chunk[-1].version


def read_catalog(connection: Connection, after: int, upto: int) -> Iterator[list[Recorded]]:
    """The catalog's events from behind a version of it up to another, in pages.

    Raises UnreadableEvent.
    """
    while after < upto:
        asked = {"version": after, "upto": upto, "limit": REPLAY_PAGE}
        page = decoded(connection.execute(_CATALOG, asked).all())
        if not page:
            return
        yield page
        after = page[-1].version


def read_tail(connection: Connection, stream: str, after: int) -> Iterator[Recorded]:
    """The events of a stream behind a position, newest first, in time proportional to their number.

    Raises UnreadableEvent.
    """
    before, limit = _NO_END, _TAIL_CHUNK_FIRST
    while True:
        asked = {"stream": stream, "before": before, "limit": limit}
        chunk = decoded(connection.execute(_TAIL, asked).all())
        yield from takewhile(lambda each: each.position > after, chunk)
        if len(chunk) < limit or chunk[-1].position <= after:
            return
        before, limit = chunk[-1].version, REPLAY_PAGE


def recorded_at_us(connection: Connection, position: int) -> int:
    """When an event was recorded."""
    return int(connection.execute(_RECORDED_AT, {"position": position}).scalar_one())


def catalog_version(connection: Connection, position: int) -> int:
    """The catalog's version once an event was recorded."""
    return int(connection.execute(_CATALOG_VERSION, {"position": position}).scalar_one())


def read_stream(connection: Connection, stream: str) -> list[Recorded]:
    """All events of a stream that has few, in order. Raises UnreadableEvent."""
    query = select(*COLUMNS).where(_event.originator_id == stream)
    return decoded(connection.execute(query.order_by(_event.originator_version)).all())


def position_at(connection: Connection, instant_us: int) -> int:
    """The last position recorded up to a time, 0 if there is none."""
    # recorded_at never decreases and positions have no gap: 24 look-ups find one in 10^7.
    positions = range(1, head(connection).position + 1)
    return bisect_right(positions, instant_us, key=partial(recorded_at_us, connection))


def decoded(rows: Sequence[RawRow]) -> list[Recorded]:
    """The events of rows of `COLUMNS`. Raises UnreadableEvent."""
    validators, to_uuid = VALIDATORS, _UUID.validate_strings
    try:
        return [
            Recorded(
                position,
                stream,
                version,
                recorded_at_us,
                at_us,
                catalog_version,
                to_uuid(submission_id) if type(submission_id) is str else submission_id,
                user,
                validators[topic](state),
            )
            for position, stream, version, recorded_at_us, at_us, catalog_version, submission_id, user, topic, state in rows  # noqa: E501
        ]
    except (KeyError, ValueError):
        # Some are of an older shape, or one can't be read: take them singly, so that it is named.
        return list(map(_decoded_singly, rows))


def _decoded_singly(row: RawRow) -> Recorded:
    position, stream, version, *envelope, topic, state = row
    event = decode_row(topic, state, position=position, stream=stream, version=version)
    if isinstance(envelope[3], str):
        envelope[3] = _UUID.validate_strings(envelope[3])
    return Recorded._make((position, stream, version, *envelope, event))
