"""Device users read model: `client_device` and who uses it, `client_device_user`."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import ClassVar

from sqlalchemy import Connection, Index, Table
from sqlalchemy.orm import Mapped, mapped_column

from domain.directory import Directory
from domain.events import DEVICE_USER
from domain.fold import Fold
from domain.instants import from_us
from projections.bulk import Values
from projections.projection import Page, Projection, TableOf, live_table
from projections.schema import Base


class ClientDevice(Base):
    """A device. `last_connected_at`: when the newest event of any of its users was recorded."""

    __tablename__ = "client_device"

    device: Mapped[str] = mapped_column(primary_key=True)
    reported_name: Mapped[str | None]
    display_name: Mapped[str | None]
    kind: Mapped[str | None]
    last_connected_at: Mapped[datetime]


class ClientDeviceUser(Base):
    """One user on one device, and whose activity it sees: the group that `watched` is by."""

    __tablename__ = "client_device_user"
    __table_args__ = (Index("client_device_user_user", "user"),)

    cduid: Mapped[str] = mapped_column(primary_key=True)
    client_device: Mapped[str]
    user: Mapped[str]
    isolation_mode: Mapped[str]
    watch_group: Mapped[str]


class DeviceUsersProjection(Projection):
    name = "device-users"
    models: ClassVar[tuple[type[Base], ...]] = (ClientDevice, ClientDeviceUser)
    is_by_user = False

    def __init__(self, table_of: TableOf = live_table) -> None:
        super().__init__(table_of)
        self._users = self.bulk(ClientDeviceUser, "user", "cduid")
        self._devices = self.bulk(ClientDevice, "device", "device")

    def write(self, connection: Connection, page: Page) -> None:
        directory = page.fold.directory
        seen_us: dict[str, int] = {}
        said_of: dict[str, None] = {}
        for recorded in page.events:
            if (cduid := recorded.cduid) is None:
                continue
            seen_us[directory.device_users[cduid].device] = recorded.recorded_at_us
            if isinstance(recorded.event, DEVICE_USER):
                said_of[cduid] = None
        users = [_user_row(directory, cduid) for cduid in said_of]
        devices = [device_row(directory, device, at) for device, at in seen_us.items()]
        self._users.upsert(connection, users)
        self._devices.upsert(connection, devices)

    def contents(self, fold: Fold) -> Iterator[tuple[Table, Iterable[Values]]]:
        directory = fold.directory
        seen_us: dict[str, int] = {}
        for cduid, at_us in fold.seen_us.items():
            device = directory.device_users[cduid].device
            seen_us[device] = max(at_us, seen_us.get(device, at_us))
        users = (_user_row(directory, cduid) for cduid in directory.device_users)
        devices = (device_row(directory, device, at) for device, at in seen_us.items())
        yield self.table_of(ClientDeviceUser), users
        yield self.table_of(ClientDevice), devices


def _user_row(directory: Directory, cduid: str) -> Values:
    user = directory.device_users[cduid]
    return cduid, user.device, user.user, user.isolation_mode.value, user.watch_group


def device_row(directory: Directory, device: str, seen_us: int) -> Values:
    names = directory.devices[device]
    return device, names.reported_name, names.display_name, names.kind, from_us(seen_us)
