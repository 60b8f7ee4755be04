"""Turns real viewings, rows of (time, user, item), into what `watchledger import events` takes.

One device user for each user, a watch for each row, and a submission id that is the same each time.

    python -m tests.realdata.viewings movie-watches.csv.gz events.ndjson [--database-url URL]

registers the device users in the database and writes the events.
"""

import argparse
import csv
import gzip
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple
from uuid import NAMESPACE_URL, uuid5

from domain.commands import PutDeviceUser
from infrastructure.bootstrap import opened
from infrastructure.commands.handler import CommandHandler
from infrastructure.settings.settings import load_settings


class Viewing(NamedTuple):
    occurred_at: str
    user: str
    item: str

    @property
    def cduid(self) -> str:
        return f"{self.user}-tv"


def read_viewings(path: Path) -> Iterator[Viewing]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield Viewing(**row)


def as_event(viewing: Viewing) -> dict[str, str]:
    """The event of a viewing, as in the write call."""
    return {
        "id": str(uuid5(NAMESPACE_URL, "/".join(viewing))),
        "type": "watch",
        "item": viewing.item,
        "cduid": viewing.cduid,
        "occurred_at": viewing.occurred_at,
    }


def write_events(viewings: Iterable[Viewing], path: Path) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(f"{json.dumps(as_event(each))}\n" for each in viewings)


def register(handler: CommandHandler, viewings: Iterable[Viewing]) -> None:
    """Registers the device user of everyone who has seen anything."""
    for user, cduid in {each.user: each.cduid for each in viewings}.items():
        handler.put_device_user(cduid, PutDeviceUser(user=user, device=f"tv-{user}"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("viewings", type=Path)
    parser.add_argument("events", type=Path)
    parser.add_argument("--database-url")
    arguments = parser.parse_args()
    viewings = list(read_viewings(arguments.viewings))
    with opened(load_settings({"database_url": arguments.database_url}), projects=False) as found:
        register(found.handler, viewings)
    write_events(viewings, arguments.events)


if __name__ == "__main__":
    main()
