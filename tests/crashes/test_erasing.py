"""A process that erases a user is killed at any moment; the next one goes on with it."""

from pathlib import Path
from time import sleep
from uuid import uuid4

import pytest
from sqlalchemy import Engine

from domain.events import (
    AccessChanged,
    DeviceUserRegistered,
    ItemWatched,
    device_user_stream,
    user_stream,
)
from domain.policy import Policy
from infrastructure.erasing.eraser import Eraser
from infrastructure.ledger.application import Ledger
from infrastructure.ledger.directory import CurrentDirectory
from infrastructure.ledger.entries import Append, Entry
from tests.helpers.files import found_in_files
from tests.helpers.stage import project_all
from tests.helpers.wholeness import faults
from tests.infrastructure.cli.shell import started

pytestmark = pytest.mark.long

EVENTS = 6_000
DELAYS_SECONDS = (1.5, 1.8, 2.1, 2.4, 2.7, 3.0, 3.5, 4.0, 5.0)
"""Most of a second goes by before anything is done."""
TRACES = (b"gertrude", b"salon", b"movie:only-hers")


def lives(ledger: Ledger) -> None:
    """Two people on one device, and much that one of them said."""
    entries = [
        Entry(user_stream("gertrude"), AccessChanged(denied_tags=("salon",)), user="gertrude")
    ]
    for user in ("gertrude", "ben"):
        registered = DeviceUserRegistered(user=user, device="tv", display_name=f"tv of {user}")
        entries.append(Entry(device_user_stream(f"{user}-tv"), registered, user=user))
    for number in range(EVENTS):
        user = "gertrude" if number % 3 else "ben"
        item = f"movie:{'only-hers' if user == 'gertrude' else 'his'}-{number}"
        stream = device_user_stream(f"{user}-tv")
        entries.append(Entry(stream, ItemWatched(item=item), uuid4(), user))
    ledger.append([Append(entries)])


def test_an_erasure_that_is_killed_is_finished_by_the_next_process(
    engine: Engine, database_url: str, tmp_path: Path
) -> None:
    lives(Ledger(engine))
    project_all(engine)
    for delay_seconds in DELAYS_SECONDS:
        with started(
            *("user", "erase", "gertrude", "--confirm", "gertrude"),
            WATCHLEDGER_DATABASE_URL=database_url,
            WATCHLEDGER_DATA_DIR=str(tmp_path / "data"),
        ) as process:
            sleep(delay_seconds)
            process.kill()
    eraser = Eraser(engine, Policy(), CurrentDirectory(engine))
    eraser.finish()
    if CurrentDirectory(engine).latest().knows_user("gertrude"):  # a slow machine
        eraser.erase("gertrude")
    assert faults(engine) == []
    assert found_in_files(engine, (*TRACES, b"movie:his-0")) == {b"movie:his-0"}
