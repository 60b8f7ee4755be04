"""The audit: finding every recorded event again (rule 20), from the ledger's own rows.

Events come in rule 2's order, newest or oldest first. A page ends at a place, and a cursor is that
place together with the position that the first page saw: what is appended meanwhile is in no page,
whatever time it claims, so pages neither repeat nor miss anything.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from heapq import merge
from itertools import islice
from typing import NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Text,
    and_,
    any_,
    false,
    func,
    literal,
    select,
    true,
    tuple_,
)
from sqlalchemy.dialects.postgresql import ARRAY

from domain.catalog import Catalog
from domain.claims import container_mark
from domain.events import (
    ACTIVITY,
    ItemLinked,
    ItemUnwatched,
    ItemWatched,
    Recorded,
    device_user_stream,
    topics_of,
)
from domain.items import is_watchable
from domain.viewer import Viewer
from infrastructure.ledger.reader import COLUMNS, decoded
from infrastructure.ledger.schema import ledger_event

_event = ledger_event.c
_ACTIVITY_TOPICS = topics_of(ACTIVITY)

# SQLite keeps no statistics unless told, so it is told which index narrows a search the most.
_BY_ITEM = "INDEXED BY ledger_event_item_at"
_BY_STREAM = "INDEXED BY ledger_event_stream_at"
_BY_TOPIC = "INDEXED BY ledger_event_topic_at"
_BY_TIME = "INDEXED BY ledger_event_at"
_BY_POSITION = "NOT INDEXED"  # but by its key

_FEW = 10_000
"""So many events are sorted as quickly as they are found in order."""
_BELOW_MAX, _SOMEBODYS_BELOW_MAX = 50_000, 2_000
_CHUNK_FIRST = 125
_CHUNK_MAX = 2_000


class PageEnd(NamedTuple):
    """Where a page ended: the `at` and position of its last event."""

    at_us: int
    position: int


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of the history; None asks nothing. Times are [since, until), by rule 1's `at`.

    `streams` are those of whoever it is about, such as `Directory.streams` of a user: whose a
    device user is may have changed since an event was recorded (rule 33). `item` finds what was
    said on the item or about it, `under` what was said at or below a container. `upto` is the last
    position looked at, `after` the place where the page before ended.
    """

    upto: int
    cduids: tuple[str, ...] | None = None
    streams: tuple[str, ...] | None = None
    item: str | None = None
    under: str | None = None
    topics: tuple[str, ...] | None = None
    since_us: int | None = None
    until_us: int | None = None
    from_position: int | None = None
    is_newest_first: bool = True
    after: PageEnd | None = None


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
    return list(islice(filter(is_allowed, events(connection, catalog, question)), limit))


def events(connection: Connection, catalog: Catalog, question: Question) -> Iterator[Recorded]:
    """All events that are asked for, loaded as they are taken. Raises UnreadableEvent."""
    searches = list(_searches(connection, catalog, question))
    found: Iterator[Recorded] = merge(
        *(_rows(connection, search) for search in searches), key=_order(question)
    )
    if question.item is not None:
        found = filter(partial(_is_about, catalog, question.item), found)
    if question.under is not None:
        found = filter(partial(_lies_under, catalog, question.under), found)
    return found


def _order(question: Question) -> Callable[[Recorded], tuple[int, int]]:
    sign = -1 if question.is_newest_first else 1
    return lambda each: (sign * each.at_us, sign * each.position)


def is_allowed(viewer: Viewer) -> Callable[[Recorded], bool]:
    """What a viewer may know of: rule 15 withholds the rest. Hidden items stay (rule 20)."""

    def allows(recorded: Recorded) -> bool:
        item = getattr(recorded.event, "item", None)
        return item is None or viewer.may_see(item)

    return allows


class _Search(NamedTuple):
    """What one index answers in order, by a condition and what else is asked."""

    hint: str
    question: Question
    where: ColumnElement[bool] = true()


def _searches(connection: Connection, catalog: Catalog, question: Question) -> Iterator[_Search]:
    """The searches that find what is asked, each by what narrows it the most."""
    below = _below(connection, catalog, question)
    if question.item is not None:
        yield from _about(catalog, question, question.item)
    elif below is not None:
        yield _Search(_BY_ITEM, question, below)
    elif question.cduids is not None:
        rest = replace(question, cduids=None)
        for cduid in dict.fromkeys(question.cduids):
            yield _Search(_BY_STREAM, rest, _event.originator_id == device_user_stream(cduid))
    elif question.streams is not None:
        rest = replace(question, streams=None)
        for stream in dict.fromkeys(question.streams):
            yield _Search(_BY_STREAM, rest, _event.originator_id == stream)
    else:
        yield from _anybodys(question)


def _anybodys(question: Question) -> Iterator[_Search]:
    if question.from_position is not None and question.upto - question.from_position < _FEW:
        yield _Search(_BY_POSITION, question)
    elif question.topics is not None:
        rest = replace(question, topics=None)
        for topic in dict.fromkeys(question.topics):
            yield _Search(_BY_TOPIC, rest, _event.topic == topic)
    else:
        yield _Search(_BY_TIME, question)


def _about(catalog: Catalog, question: Question, item: str) -> Iterator[_Search]:
    """What was said on an item, on another of its work, and on what any of them stood under."""
    yield _Search(_BY_ITEM, question, _event.item == item)
    work = catalog.work(item)
    for other in sorted({*work, *catalog.parted_from(item)} - {item}):
        yield _Search(_BY_ITEM, question, _spoken_on(other, (*_ACTIVITY_TOPICS, ItemLinked.topic)))
    for container in sorted({above for each in work for above in catalog.spans(each)}):
        yield _Search(_BY_ITEM, question, _spoken_on(container, _ACTIVITY_TOPICS))


def _is_about(catalog: Catalog, item: str, recorded: Recorded) -> bool:
    """Whether an event is on an item or about it: on another of its work, or on a container that
    it stood under as the event meant it (rules 7, 20 and 24).
    """
    event, work = recorded.event, catalog.work(item)
    on = getattr(event, "item", None)
    if on == item or (isinstance(event, ItemLinked) and event.same_as == item):
        return True
    if on in work:
        return isinstance(event, ACTIVITY)
    if isinstance(event, ItemWatched | ItemUnwatched):
        return _is_meant(catalog, item, recorded, event)
    return any(catalog.stood_under(each, str(on), recorded.catalog_version) for each in work)


def _is_meant(
    catalog: Catalog, item: str, recorded: Recorded, event: ItemWatched | ItemUnwatched
) -> bool:
    """Whether a mark on a container is about an item, as it stood at the version that it means."""
    said = container_mark(catalog, recorded, event)
    if said is None:
        return False
    mark, cut_us = said
    if not is_watchable(item):
        return catalog.stood_under(item, event.item, mark.catalog_version)
    return any(
        catalog.is_meant(each, event.item, mark.catalog_version, cut_us)
        for each in catalog.work(item)
    )


def _below(
    connection: Connection, catalog: Catalog, question: Question
) -> ColumnElement[bool] | None:
    """That an event is on what ever stood under a container; None where that are too many.

    They come in no order and are sorted. Where there are many, the next one is soon found by time,
    or among what somebody said.
    """
    if question.under is None:
        return None
    is_somebodys = question.cduids is not None or question.streams is not None
    most = _SOMEBODYS_BELOW_MAX if is_somebodys else _BELOW_MAX
    items = sorted(catalog.ever_under(question.under))
    where: ColumnElement[bool]
    if connection.dialect.name == "postgresql":
        where = _event.item == any_(literal(items, ARRAY(Text)))
    else:
        asked = func.json_each(json.dumps(items)).table_valued("value")
        where = _event.item.in_(select(asked.c.value))
    some = select(_event.item).where(where).with_hint(ledger_event, _BY_ITEM, "sqlite").limit(most)
    count = connection.scalar(select(func.count()).select_from(some.subquery()))
    return where if count is not None and count < most else None


def _spoken_on(item: str, topics: Sequence[str]) -> ColumnElement[bool]:
    return and_(_event.item == item, _event.topic.in_(topics))


def _lies_under(catalog: Catalog, container: str, recorded: Recorded) -> bool:
    item = getattr(recorded.event, "item", None)
    return item is not None and (
        item == container or catalog.stood_under(item, container, recorded.catalog_version)
    )


def _rows(connection: Connection, search: _Search) -> Iterator[Recorded]:
    """The events that answer a search, in order, loaded in chunks."""
    question, chunk = search.question, _CHUNK_FIRST
    order = [_event.at_us.asc(), _event.position.asc()]
    if question.is_newest_first:
        order = [_event.at_us.desc(), _event.position.desc()]
    while True:
        query = (
            select(*COLUMNS)
            .where(search.where, *_conditions(question))
            .order_by(*order)
            .limit(chunk)
            .with_hint(ledger_event, search.hint, "sqlite")
        )
        rows = decoded(connection.execute(query).all())
        yield from rows
        if len(rows) < chunk:
            return
        question = replace(question, after=PageEnd(rows[-1].at_us, rows[-1].position))
        chunk = min(4 * chunk, _CHUNK_MAX)


def _conditions(question: Question) -> Iterator[ColumnElement[bool]]:
    yield _event.position <= question.upto
    if question.cduids is not None:
        streams = [device_user_stream(cduid) for cduid in question.cduids]
        yield _event.originator_id.in_(streams) if streams else false()
    if question.streams is not None:
        yield _event.originator_id.in_(question.streams)
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
