"""What is decided about device users, their access and their events."""

from typing import Any

import pytest
from pydantic import ValidationError

from domain.commands import PatchDeviceUser, PutAccess, PutDeviceUser
from domain.decisions import (
    issue_token,
    patch_device_user,
    put_access,
    put_device_user,
    revoke_token,
)
from domain.directory import Directory
from domain.events import (
    AccessChanged,
    DeviceDescribed,
    DeviceUserRegistered,
    Event,
    IsolationMode,
    IsolationModeChanged,
    Recorded,
    TokenIssued,
    TokenRevoked,
    device_user_stream,
    user_stream,
)
from domain.rejection import Rejection

HASH, OTHER_HASH = "a" * 64, "b" * 64
TV = device_user_stream("tv")
REGISTERED = DeviceUserRegistered(user="ann", device="d1", display_name="Den")


def directory_after(*events: tuple[str, Event]) -> Directory:
    directory = Directory()
    for number, (stream, event) in enumerate(events, start=1):
        directory.evolve(Recorded(number, stream, number, 0, 0, 0, None, "ann", event))
    return directory


KNOWN = directory_after((TV, REGISTERED), (TV, TokenIssued(token_sha256=HASH)))


def put(directory: Directory, **fields: Any) -> list[Any] | Rejection:
    command = PutDeviceUser(**{"user": "ann", "device": "d1", **fields})
    return put_device_user("tv", command, directory, OTHER_HASH)


def code_of(decided: object) -> str:
    assert isinstance(decided, Rejection)
    return decided.code


def test_a_new_device_user_is_registered_with_its_first_token() -> None:
    assert put(Directory(), kind="tv", isolation_mode="quiet") == [
        DeviceUserRegistered(
            user="ann", device="d1", kind="tv", isolation_mode=IsolationMode.QUIET
        ),
        TokenIssued(token_sha256=OTHER_HASH),
    ]


def test_registering_again_records_only_what_changes() -> None:
    assert put(KNOWN) == []
    assert put(KNOWN, display_name="Den") == []
    assert put(KNOWN, kind="tv") == [DeviceDescribed(display_name="Den", kind="tv")]
    assert put(KNOWN, display_name=None) == [DeviceDescribed()]
    assert put(KNOWN, isolation_mode="shout") == [
        IsolationModeChanged(isolation_mode=IsolationMode.SHOUT)
    ]


def test_a_mode_left_out_keeps_its_value() -> None:
    quiet = directory_after(
        (TV, REGISTERED), (TV, IsolationModeChanged(isolation_mode=IsolationMode.QUIET))
    )
    assert put(quiet) == []


def test_user_and_device_of_a_device_user_stay() -> None:
    assert code_of(put(KNOWN, user="bob")) == "device_user_differs"
    assert code_of(put(KNOWN, device="d2")) == "device_user_differs"


def test_silent_is_another_way_to_write_silo() -> None:
    assert PutDeviceUser.model_validate(
        {"user": "a", "device": "d", "isolation_mode": "silent"}
    ) == PutDeviceUser(user="a", device="d", isolation_mode=IsolationMode.SILO)


def test_a_mode_that_there_is_not_is_refused() -> None:
    with pytest.raises(ValidationError, match="must be one of silo, quiet, loud, shout, silent"):
        PatchDeviceUser.model_validate({"isolation_mode": "whisper"})


def test_a_device_changes_its_mode_and_its_name() -> None:
    command = PatchDeviceUser(isolation_mode=IsolationMode.SILO, display_name="Attic")
    assert patch_device_user("tv", command, KNOWN) == [
        DeviceDescribed(display_name="Attic"),
        IsolationModeChanged(isolation_mode=IsolationMode.SILO),
    ]
    assert patch_device_user("tv", PatchDeviceUser(), KNOWN) == []


def test_tokens_are_issued_anew_and_revoked_once() -> None:
    assert issue_token("tv", OTHER_HASH, KNOWN) == [TokenIssued(token_sha256=OTHER_HASH)]
    assert revoke_token("tv", KNOWN) == [TokenRevoked()]
    revoked = directory_after((TV, REGISTERED), (TV, TokenRevoked()))
    assert revoke_token("tv", revoked) == []


def test_an_unknown_device_user_is_rejected() -> None:
    decisions = (
        patch_device_user("x", PatchDeviceUser(), KNOWN),
        issue_token("x", HASH, KNOWN),
        revoke_token("x", KNOWN),
    )
    assert set(map(code_of, decisions)) == {"unknown_device_user"}


def test_access_that_stays_the_same_records_nothing() -> None:
    command = PutAccess(allowed_shelves=None, allowed_tags=("kids",), denied_tags=None)
    changed = AccessChanged(allowed_tags=("kids",))
    assert put_access("ann", command, Directory()) == [changed]
    assert put_access("ann", command, directory_after((user_stream("ann"), changed))) == []


def test_access_is_sent_whole_so_that_no_limit_is_lifted_by_leaving_it_out() -> None:
    with pytest.raises(ValidationError, match="denied_tags"):
        PutAccess.model_validate({"allowed_shelves": None, "allowed_tags": None})
