"""A registered device user as the operator is shown it."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from pydantic import BaseModel
from sqlalchemy import select

from domain.directory import Directory
from domain.events import IsolationMode
from infrastructure.querying.reader import Snapshot
from projections.device_users import ClientDevice


class DeviceUserShown(BaseModel):
    """`last_connected_at`: when the newest event of any user of the device was recorded."""

    cduid: str
    user: str
    device: str
    reported_name: str | None
    display_name: str | None
    kind: str | None
    isolation_mode: IsolationMode
    watch_group: str
    has_token: bool
    retired: bool
    last_connected_at: datetime | None


def listed_cduids(
    directory: Directory, user: str | None = None, *, with_retired: bool = False
) -> list[str]:
    """The device users that are in lists: all or a user's, in order, retired ones if wanted."""
    cduids = directory.device_users if user is None else directory.cduids(user)
    known = directory.device_users
    return sorted(each for each in cduids if with_retired or not known[each].is_retired)


def device_users_shown(snapshot: Snapshot, cduids: Sequence[str]) -> list[DeviceUserShown]:
    """Registered device users, as the admin is shown them."""
    directory = snapshot.directory
    devices = [directory.device_users[cduid].device for cduid in cduids]
    connected = _last_connected(snapshot, devices)
    return [_device_user(directory, cduid, connected) for cduid in cduids]


def _last_connected(snapshot: Snapshot, devices: list[str]) -> dict[str, datetime]:
    query = select(ClientDevice.device, ClientDevice.last_connected_at)
    rows = snapshot.connection.execute(query.where(ClientDevice.device.in_(devices)))
    return {device: at for device, at in rows}  # noqa: C416  # rows aren't pairs to the checker


def _device_user(
    directory: Directory, cduid: str, connected: Mapping[str, datetime]
) -> DeviceUserShown:
    known = directory.device_users[cduid]
    return DeviceUserShown(
        cduid=cduid,
        user=known.user,
        device=known.device,
        reported_name=known.reported_name,
        display_name=known.display_name,
        kind=known.kind,
        isolation_mode=known.isolation_mode,
        watch_group=known.watch_group,
        has_token=known.token_sha256 is not None,
        retired=known.is_retired,
        last_connected_at=connected.get(known.device),
    )
