"""Decisions: what commands on device users, tokens and access come to.

Each gives the events to record, none if nothing would change, or a Rejection.
"""

from domain.access import Access
from domain.commands import PatchDeviceUser, PutAccess, PutDeviceUser
from domain.directory import DeviceUser, Directory
from domain.events import (
    AccessChanged,
    DeviceDescribed,
    DeviceUserEvent,
    DeviceUserReassigned,
    DeviceUserRegistered,
    DeviceUserReinstated,
    DeviceUserRetired,
    IsolationModeChanged,
    TokenIssued,
    TokenRevoked,
)
from domain.rejection import Rejection

_NAMES = ("reported_name", "display_name", "kind")


def put_device_user(
    cduid: str, command: PutDeviceUser, directory: Directory, token_sha256: str
) -> list[DeviceUserEvent] | Rejection:
    """Registers a device user with its first token, or changes what can be changed of it."""
    known = directory.device_users.get(cduid)
    if known is None:
        return [
            DeviceUserRegistered(
                user=command.user,
                device=command.device,
                isolation_mode=command.isolation_mode,
                **command.given(*_NAMES),
            ),
            TokenIssued(token_sha256=token_sha256),
        ]
    if (command.user, command.device) != (known.user, known.device):
        return Rejection(
            "device_user_differs",
            f"{cduid} is {known.user} on {known.device} and stays so; register another cduid.",
        )
    if known.is_retired:
        return _retired(cduid)
    return _changes(command, known)


def patch_device_user(
    cduid: str, command: PatchDeviceUser, directory: Directory
) -> list[DeviceUserEvent] | Rejection:
    """Changes what is given of a device user: `unknown_device_user` if there is none."""
    known = directory.device_users.get(cduid)
    return unknown_device_user(cduid) if known is None else _changes(command, known)


def _changes(command: PutDeviceUser | PatchDeviceUser, known: DeviceUser) -> list[DeviceUserEvent]:
    """What differs from before; a field left out keeps its value."""
    before = {name: getattr(known, name) for name in _NAMES}
    names = {**before, **command.given(*(_NAMES))}
    mode = command.given("isolation_mode").get("isolation_mode", known.isolation_mode)
    events: list[DeviceUserEvent] = []
    if names != before:
        events.append(DeviceDescribed(**names))
    if mode != known.isolation_mode:
        events.append(IsolationModeChanged(isolation_mode=mode))
    return events


def issue_token(
    cduid: str, token_sha256: str, directory: Directory
) -> list[DeviceUserEvent] | Rejection:
    """A new token takes the place of the old one."""
    known = directory.device_users.get(cduid)
    if known is None:
        return unknown_device_user(cduid)
    return _retired(cduid) if known.is_retired else [TokenIssued(token_sha256=token_sha256)]


def revoke_token(cduid: str, directory: Directory) -> list[DeviceUserEvent] | Rejection:
    """Without a token the device can no longer call; revoking it again changes nothing."""
    known = directory.device_users.get(cduid)
    if known is None:
        return unknown_device_user(cduid)
    return [] if known.token_sha256 is None else [TokenRevoked()]


def reassign(cduid: str, user: str, directory: Directory) -> list[DeviceUserEvent] | Rejection:
    """Gives a device user to another user, with all that it ever said (rule 33)."""
    known = directory.device_users.get(cduid)
    if known is None:
        return unknown_device_user(cduid)
    return [] if known.user == user else [DeviceUserReassigned(user=user)]


def retire(cduid: str, directory: Directory) -> list[DeviceUserEvent] | Rejection:
    """Takes a device user out of every list, and its token away (rule 33)."""
    known = directory.device_users.get(cduid)
    if known is None:
        return unknown_device_user(cduid)
    return [] if known.is_retired else [DeviceUserRetired()]


def reinstate(
    cduid: str, token_sha256: str, directory: Directory
) -> list[DeviceUserEvent] | Rejection:
    """Takes a retirement back, with a new token; nothing for what isn't retired (rule 33)."""
    known = directory.device_users.get(cduid)
    if known is None:
        return unknown_device_user(cduid)
    if not known.is_retired:
        return []
    return [DeviceUserReinstated(), TokenIssued(token_sha256=token_sha256)]


def put_access(user: str, command: PutAccess, directory: Directory) -> list[AccessChanged]:
    """Limits what a user sees, who needn't have a device yet (rule 15)."""
    shelves, allowed, denied = command.allowed_shelves, command.allowed_tags, command.denied_tags
    access = Access(
        None if shelves is None else frozenset(shelves),
        None if allowed is None else frozenset(allowed),
        frozenset(denied or ()),
    )
    if access == directory.access(user):
        return []
    return [AccessChanged(allowed_shelves=shelves, allowed_tags=allowed, denied_tags=denied or ())]


def unknown_device_user(cduid: str) -> Rejection:
    """The rejection of whatever is asked of a cduid that was never registered."""
    return Rejection("unknown_device_user", f"There is no device user {cduid}.")


def _retired(cduid: str) -> Rejection:
    return Rejection("device_user_retired", f"{cduid} is retired; reinstate it first.")
