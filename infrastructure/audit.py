"""The audit: finding every recorded event again (rule 20), from the ledger's own rows.

Events come in rule 2's order, newest or oldest first. A page ends at a place, and a cursor is that
place together with the position that the first page saw: what is appended meanwhile is in no page,
whatever time it claims, so pages neither repeat nor miss anything.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from heapq import merge
from itertools import islice
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, false, select, tuple_

from domain.catalog import Catalog, Span
from domain.events import ACTIVITY, Recorded, device_user_stream
from infrastructure.ledger.reader import COLUMNS, decoded
from infrastructure.ledger.schema import ledger_event

_event = ledger_event.c
_ACTIVITY_TOPICS = [event_class.topic for event_class in ACTIVITY]
_BY_ITEM_MOST = 200
"""Below a container with more items, its events are picked out of all instead of found by item."""
_CHUNK = 500


class Place(NamedTuple):
    """Where a page ended: the `at` and position of its last event."""

    at_us: int
    position: int


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of the history; None asks nothing. Times are [since, until), by rule 1's `at`.

    `item` finds what was said on the item or about it, `under` what was said at or below a
    container. `upto` is the last position looked at, `after` the place where the page before ended.
    """

    upto: int
    cduids: tuple[str, ...] | None = None
    user: str | None = None
    item: str | None = None
    under: str | None = None
    topics: tuple[str, ...] | None = None
    since_us: int | None = None
    until_us: int | None = None
    from_position: int | None = None
    is_newest_first: bool = True
    after: Place | None = None


def history(
    connection: Connection,
    catalog: Catalog,
    question: Question,
    limit: int,
    is_allowed: Callable[[Recorded], bool] = lambda _: True,
) -> list[Recorded]:
    """A page of at most `limit` events. Raises UnreadableEvent.

    `catalog` says what stood where; `is_allowed` what the asker may know (rule 15).
    """
    branches = [
        filter(is_meant, _rows(connection, question, where))
        for where, is_meant in _branches(catalog, question)
    ]
    sign = -1 if question.is_newest_first else 1
    found = merge(*branches, key=lambda each: (sign * each.at_us, sign * each.position))
    return list(islice(filter(is_allowed, found), limit))


Branch = tuple[ColumnElement[bool] | None, Callable[[Recorded], bool]]
"""A condition that an index answers, and what is left to ask of each event."""


def _branches(catalog: Catalog, question: Question) -> Iterator[Branch]:
    """The separate searches that together find what is asked about items."""

    def is_meant(recorded: Recorded) -> bool:
        return question.under is None or _lies_under(catalog, recorded, question.under)

    if question.item is not None:
        yield _event.item == question.item, is_meant
        for container, spans in catalog.spans(question.item).items():
            for span in spans:
                yield _spoken_during(container, span), is_meant
    elif question.under is not None:
        items = _ever_under(catalog, question.under)
        yield (_event.item.in_(items) if len(items) <= _BY_ITEM_MOST else None), is_meant
    else:
        yield None, is_meant


def _spoken_during(container: str, span: Span) -> ColumnElement[bool]:
    first, last = span
    return and_(
        _event.item == container,
        _event.catalog_version >= first,
        _event.catalog_version < last,
        _event.topic.in_(_ACTIVITY_TOPICS),
    )


def _lies_under(catalog: Catalog, recorded: Recorded, container: str) -> bool:
    item = getattr(recorded.event, "item", None)
    return item is not None and (
        item == container or catalog.stood_under(item, container, recorded.catalog_version)
    )


def _ever_under(catalog: Catalog, container: str) -> list[str]:
    leaves = catalog.leaves_ever(container)
    between = {above for leaf in leaves for above in catalog.spans(leaf)}
    return sorted({container, *leaves, *(x for x in between if container in catalog.spans(x))})


def _rows(
    connection: Connection, question: Question, where: ColumnElement[bool] | None
) -> Iterator[Recorded]:
    """The events that answer a question so far as columns say, in order, loaded in chunks."""
    order = [_event.at_us.asc(), _event.position.asc()]
    if question.is_newest_first:
        order = [_event.at_us.desc(), _event.position.desc()]
    while True:
        query = select(*COLUMNS).where(*_conditions(question))
        if where is not None:
            query = query.where(where)
        rows = decoded(connection.execute(query.order_by(*order).limit(_CHUNK)).all())
        yield from rows
        if len(rows) < _CHUNK:
            return
        question = replace(question, after=Place(rows[-1].at_us, rows[-1].position))


def _conditions(question: Question) -> Iterator[ColumnElement[bool]]:
    yield _event.position <= question.upto
    if question.cduids is not None:
        streams = [device_user_stream(cduid) for cduid in question.cduids]
        yield _event.originator_id.in_(streams) if streams else false()
    if question.user is not None:
        yield _event.user == question.user
    if question.topics is not None:
        yield _event.topic.in_(question.topics)
    if question.since_us is not None:
        yield _event.at_us >= question.since_us
    if question.until_us is not None:
        yield _event.at_us < question.until_us
    if question.from_position is not None:
        yield _event.position >= question.from_position
    if question.after is not None:
        place = tuple_(_event.at_us, _event.position)
        after = tuple_(*question.after)
        yield place < after if question.is_newest_first else place > after
