"""Devices and their users as tables: names, modes, watch groups, and when one was last seen."""

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import Engine

from domain.events import (
    DeviceDescribed,
    DeviceUserRegistered,
    Event,
    IsolationMode,
    IsolationModeChanged,
    ItemWatched,
    TokenIssued,
    TokenRevoked,
    device_user_stream,
)
from domain.instants import from_us
from infrastructure.database.engine import read_transaction
from projections.device_users import ClientDevice, ClientDeviceUser
from tests.helpers.stage import Stage
from tests.helpers.tables import Row, rows
from tests.reference.world import BEGIN_US, SLOT_US, Entry, Submission

ANN, KID = "ann-shield", "kid-shield"


@pytest.fixture(params=[1, 1_000], ids="{} a page".format)
def stage(engine: Engine, request: pytest.FixtureRequest) -> Stage:
    return Stage(engine, page_size=request.param)


def register(stage: Stage, cduid: str, user: str, **names: Any) -> None:
    say(stage, cduid, DeviceUserRegistered(user=user, device="shield", **names))


def say(stage: Stage, cduid: str, event: Event) -> None:
    now_us = BEGIN_US + SLOT_US * (len(stage.submitted) + 1)
    stage.submit(Submission(now_us, (Entry(device_user_stream(cduid), event, None, None),)))


def last_at(stage: Stage) -> datetime:
    return from_us(stage.submitted[-1].now_us)


def devices(stage: Stage) -> list[Row]:
    stage.catch_up()
    with read_transaction(stage.engine) as connection:
        return rows(connection, ClientDevice)


def users(stage: Stage) -> list[Row]:
    stage.catch_up()
    with read_transaction(stage.engine) as connection:
        return sorted(rows(connection, ClientDeviceUser))


def test_a_device_has_the_names_that_were_last_given_for_any_of_its_users(stage: Stage) -> None:
    register(stage, ANN, "ann", reported_name="SHIELD", kind="tv")
    register(stage, KID, "kid", reported_name="SHIELD", display_name="Kids' room")
    assert devices(stage) == [("shield", "SHIELD", "Kids' room", None, last_at(stage))]
    say(stage, ANN, DeviceDescribed(reported_name="SHIELD", display_name="Den", kind="tv"))
    assert devices(stage) == [("shield", "SHIELD", "Den", "tv", last_at(stage))]


def test_a_device_was_last_connected_when_its_newest_event_was_recorded(stage: Stage) -> None:
    register(stage, ANN, "ann")
    long_ago = from_us(BEGIN_US // 2)
    said: list[Event] = [
        ItemWatched(item="movie:alien", occurred_at=long_ago),
        TokenIssued(token_sha256="0" * 64),
        TokenRevoked(),
    ]
    for event in said:
        say(stage, ANN, event)
        assert devices(stage) == [("shield", None, None, None, last_at(stage))]


def test_each_of_a_devices_users_has_a_mode_and_a_watch_group(stage: Stage) -> None:
    register(stage, ANN, "ann")
    register(stage, KID, "kid")
    say(stage, KID, IsolationModeChanged(isolation_mode=IsolationMode.QUIET))
    assert users(stage) == [
        (ANN, "shield", "ann", "loud", "user:ann"),
        (KID, "shield", "kid", "quiet", f"cduid:{KID}"),
    ]
    say(stage, KID, IsolationModeChanged(isolation_mode=IsolationMode.LOUD))
    assert users(stage)[1] == (KID, "shield", "kid", "loud", "user:kid")
