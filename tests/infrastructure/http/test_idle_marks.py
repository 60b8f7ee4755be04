"""A mark that gives no time and tells nothing new is said to be idle (rule 9)."""

from typing import Any

import httpx
import pytest

from domain.events import CATALOG_STREAM, ItemLinked
from infrastructure.ledger.entries import Append, Entry
from tests.helpers.api import Api, event, send

YESTERDAY = "2026-01-31T20:15:00Z"


@pytest.fixture
def tv(api: Api) -> httpx.Client:
    api.place_show("e1", "e2")
    return api.register("tv")


def mark(item: str = "episode:e1", **fields: Any) -> dict[str, Any]:
    return event(item, **fields)


def are_idle(client: httpx.Client, *events: dict[str, Any]) -> list[bool]:
    return ["idle" in each for each in send(client, *events)]


def test_marking_again_is_idle_each_time(tv: httpx.Client) -> None:
    first, again = mark(), mark()
    assert are_idle(tv, first) == [False]
    assert are_idle(tv, again) == [True]
    assert are_idle(tv, mark(), mark("episode:e2"), mark("episode:e2")) == [True, False, True]
    assert are_idle(tv, first, again) == [False, True]  # as they were where they were recorded


def test_a_pressed_button_gives_its_time_and_is_never_idle(tv: httpx.Client) -> None:
    assert are_idle(tv, mark(), mark(occurred_at=YESTERDAY)) == [False, False]


def test_a_clock_that_was_never_set_gives_no_time(tv: httpx.Client) -> None:
    assert are_idle(tv, mark(), mark(occurred_at="1970-01-01T00:10:00Z")) == [False, True]


@pytest.mark.parametrize(
    ("before", "is_idle"),
    [
        (mark(occurred_at=YESTERDAY), True),
        (mark("season:s1"), True),
        (mark("show_shelf:tv", occurred_at=YESTERDAY), True),  # it wasn't known by then
        (mark("episode:e2"), False),
        (event("episode:e1", "unwatch"), False),
        (event("episode:e1", "progress", share=0.95), True),
        (event("episode:e1", "progress", share=0.5), False),
    ],
)
def test_what_was_said_before_leaves_it_watched_or_not(
    tv: httpx.Client, before: dict[str, Any], *, is_idle: bool
) -> None:
    send(tv, before)
    assert are_idle(tv, mark()) == [is_idle]


def test_a_container_is_never_marked_idly(tv: httpx.Client) -> None:
    assert are_idle(tv, mark("season:s1"), mark("season:s1")) == [False, False]


def test_what_is_undated_comes_before_all_that_is_dated(tv: httpx.Client) -> None:
    send(tv, mark(occurred_at=YESTERDAY))
    assert are_idle(tv, mark(undated=True), mark(undated=True)) == [False, True]


def test_what_was_taken_back_left_nothing(tv: httpx.Client) -> None:
    first = mark()
    retraction = {"id": mark()["id"], "type": "retract", "retracts": first["id"]}
    assert are_idle(tv, first, retraction, mark()) == [False, False, False]
    assert are_idle(tv, mark()) == [True]


def test_another_device_has_no_say(api: Api, tv: httpx.Client) -> None:
    send(api.register("phone"), mark())
    assert are_idle(tv, mark()) == [False]


def test_the_other_item_of_a_work_has(api: Api, tv: httpx.Client) -> None:
    linked = ItemLinked(item="episode:e2", same_as="episode:e1")
    api.services.ledger.append([Append([Entry(CATALOG_STREAM, linked)])])
    assert are_idle(tv, mark("episode:e2"), mark("episode:e1")) == [False, True]
