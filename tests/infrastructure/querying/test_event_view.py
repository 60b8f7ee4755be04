"""Events as histories show them: by the names they are sent under, and whether they count."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine

from domain.directory import Directory
from domain.events import (
    Activity,
    ActivityRetracted,
    ItemWatched,
    PlayerState,
    ProgressReported,
    device_user_stream,
)
from infrastructure.database.engine import read_transaction
from infrastructure.ledger.application import Ledger
from infrastructure.ledger.entries import Append, Entry
from infrastructure.querying.event_view import TOPICS_OF, events_shown

FIRST, SECOND = uuid4(), uuid4()


def said(event: Activity, submission_id: UUID | None = None, cduid: str = "tv") -> Entry:
    return Entry(device_user_stream(cduid), event, submission_id or uuid4(), "ann")


def taken_back(name: UUID, cduid: str = "tv") -> Entry:
    return said(ActivityRetracted(retracts=name), cduid=cduid)


def shown(engine: Engine, *entries: Entry, upto: int = 100) -> list[dict[str, Any]]:
    ledger = Ledger(engine)
    ledger.append([Append(entries)])
    with read_transaction(engine) as connection:
        found = events_shown(connection, ledger.read(0, 100), Directory(), upto)
    return [each.model_dump(mode="json") for each in found]


def test_what_is_claimed_is_shown_by_the_names_it_is_sent_under(engine: Engine) -> None:
    progress = ProgressReported(
        item="movie:a", share=0.5, state=PlayerState.PAUSED, with_users=("bob",)
    )
    [found] = shown(engine, said(progress))
    assert (found["share"], found["state"], found["with"]) == (0.5, "paused", ["bob"])
    assert "with_users" not in found


def test_what_is_undated_has_no_time(engine: Engine) -> None:
    undated, dated = shown(
        engine,
        said(ItemWatched(item="movie:a", undated=True)),
        said(ItemWatched(item="movie:a")),
    )
    assert (undated["undated"], undated["at"], undated["occurred_at"]) == (True, None, None)
    assert "undated" not in dated
    assert dated["at"] == dated["recorded_at"]


def test_what_was_taken_back_says_where_it_was_first(engine: Engine) -> None:
    watched = ItemWatched(item="movie:a")
    found = shown(
        engine,
        taken_back(FIRST),
        said(watched, FIRST),
        said(watched, SECOND),
        taken_back(SECOND),
        taken_back(SECOND),
    )
    retracted = [each["retracted"] and each["retracted"]["position"] for each in found]
    assert retracted == [None, 1, 4, None, None]
    assert found[2]["retracted"]["recorded_at"] == found[3]["recorded_at"]
    assert (found[3]["type"], found[3]["retracts"], found[3]["item"]) == (
        "retract",
        str(SECOND),
        None,
    )


def test_what_another_device_user_takes_back_or_what_came_later_says_nothing(
    engine: Engine,
) -> None:
    watched = said(ItemWatched(item="movie:a"), FIRST)
    found = shown(engine, watched, taken_back(FIRST, "phone"), taken_back(FIRST), upto=2)
    assert [each["retracted"] for each in found] == [None, None, None]


def test_a_retraction_cannot_be_taken_back(engine: Engine) -> None:
    retraction = said(ActivityRetracted(retracts=FIRST), SECOND)
    found = shown(engine, retraction, taken_back(SECOND))
    assert [each["retracted"] for each in found] == [None, None]


@pytest.mark.parametrize("name", ["retract", "dismiss", "recall", "restart"])
def test_histories_can_be_asked_for_every_type(name: str) -> None:
    assert TOPICS_OF[name]
