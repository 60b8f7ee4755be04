"""Has a show watched through up to an episode, for a device user."""

from typing import NamedTuple

from domain.decisions import unknown_device_user
from domain.items import Kind, kind_of
from domain.placing import unknown_item
from domain.rejection import Refused, Rejection
from domain.watch_through import ever_of_show, unwatched_through
from infrastructure.commands.activity import Taken
from infrastructure.commands.authentication import Caller
from infrastructure.commands.watch_through import WatchThrough, recorded_of
from infrastructure.database.engine import read_transaction
from infrastructure.querying.reader import Snapshot
from infrastructure.services import Services


class Choice(NamedTuple):
    """The episodes that are unwatched, and all of which the same may have been said before."""

    cduid: str
    command: WatchThrough
    unwatched: list[str]
    ever: list[str]


def choose(snapshot: Snapshot, cduid: str, command: WatchThrough) -> Choice:
    """What is asked for, as of the snapshot. Raises Refused."""
    if cduid not in snapshot.directory.device_users:
        raise Refused(unknown_device_user(cduid))
    viewer, item = snapshot.viewer(cduid), command.item
    if kind_of(item) is not Kind.EPISODE:
        detail = f"{item} is no episode; name the last episode that was watched."
        raise Refused(Rejection("not_an_episode", detail))
    if item not in viewer.catalog or not viewer.may_see(item):
        raise Refused(unknown_item(item))
    return Choice(cduid, command, unwatched_through(viewer, item), ever_of_show(viewer, item))


def watch_through(services: Services, caller: Caller, choice: Choice) -> tuple[list[Taken], int]:
    """What became of the watch of each episode, and the position reached.

    Sent again it says the same episodes again, though these are watched by now. What was recorded
    is looked for after the choice was made: what isn't there yet, the choice didn't know either.
    """
    cduid, command, *_ = choice
    with read_transaction(services.engine) as connection:
        before = recorded_of(connection, cduid, command, choice.ever)
    submissions = command.submissions(cduid, before or choice.unwatched)
    return services.activity.submit(caller, submissions)
