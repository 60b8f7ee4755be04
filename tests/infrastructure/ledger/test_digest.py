"""The digest covers every part of an event, and chains it to the one before."""

from typing import Any

import pytest
from sqlalchemy import Engine, select

from infrastructure.database.engine import read_transaction
from infrastructure.ledger.application import Ledger
from infrastructure.ledger.digest import NO_DIGEST, event_digest
from infrastructure.ledger.schema import ledger_event
from tests.helpers.samples import append, muted, placed, watched

PARTS: dict[str, Any] = {
    "previous": NO_DIGEST,
    "position": 7,
    "stream": "cduid:ann-tv",
    "version": 3,
    "topic": "item_watched.v1",
    "recorded_at_us": 1_800_000_000_000_000,
    "catalog_version": 12,
    "submission_id": "0af7651916cd43dd8448eb211c80319c",
    "user": "ann",
    "salt": b"0123456789abcdef",
    "state": b'{"item":"movie:heat"}',
}
OTHERS: dict[str, Any] = {
    "previous": bytes([1] * 32),
    "position": 8,
    "stream": "cduid:ann-tw",
    "version": 4,
    "topic": "item_watched.v2",
    "recorded_at_us": 1_800_000_000_000_001,
    "catalog_version": 13,
    "submission_id": None,
    "user": None,
    "salt": b"0123456789abcdee",
    "state": b'{"item":"movie:heap"}',
}


def test_the_digest_of_an_event_never_changes() -> None:
    assert event_digest(**PARTS).hex() == (
        "4d3f1c0fde3eb4a760b407fd97b2294d43d5442992e0860549f2247e0b784525"
    )


@pytest.mark.parametrize("part", PARTS)
def test_every_part_of_an_event_is_in_its_digest(part: str) -> None:
    assert event_digest(**PARTS | {part: OTHERS[part]}) != event_digest(**PARTS)


def test_what_moves_from_one_text_to_the_next_changes_the_digest() -> None:
    moved = {"stream": "cduid:ann-tvitem", "topic": "_watched.v1"}
    assert event_digest(**PARTS | moved) != event_digest(**PARTS)


def test_no_user_is_not_an_empty_one() -> None:
    assert event_digest(**PARTS | {"user": None}) != event_digest(**PARTS | {"user": ""})


def test_the_stored_digests_chain_each_stream(ledger: Ledger, engine: Engine) -> None:
    ledger.append([append(watched("a"), placed(), watched("b"), watched("a"))])
    ledger.append([append(muted("a"), watched("a"), placed("movie_shelf:b"))])
    last: dict[str, bytes] = {}
    with read_transaction(engine) as connection:
        rows = connection.execute(select(ledger_event).order_by(ledger_event.c.position)).all()
    for row in rows:
        expected = event_digest(
            last.get(row.originator_id, NO_DIGEST),
            row.position,
            row.originator_id,
            row.originator_version,
            row.topic,
            row.recorded_at_us,
            row.catalog_version,
            None if row.submission_id is None else row.submission_id.hex,
            row.user,
            row.salt,
            row.state,
        )
        assert row.digest == expected
        last[row.originator_id] = expected
    assert len({row.salt for row in rows}) == len(rows) == 7
