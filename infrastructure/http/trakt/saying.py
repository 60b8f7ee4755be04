"""Saying: what a client's call comes to, recorded in the client's own name."""

from uuid import uuid4

from domain.events import Activity
from domain.rejection import Rejection
from infrastructure.commands.authentication import Caller
from infrastructure.commands.submissions import Submission
from infrastructure.http.trakt.asking import Client
from infrastructure.http.trakt.errors import TraktError, not_found

_NOT_FOUND = frozenset({"unresolved", "ambiguous", "unknown_item"})


def say(client: Client, event: Activity) -> int:
    """Has an event recorded, and gives its position. Raises TraktError if it can't be."""
    submission = Submission(uuid4(), client.cduid, event)
    [taken], _ = client.services.activity.submit(Caller(client.cduid), [submission])
    if not isinstance(taken.result, Rejection):
        return taken.result.position
    if taken.result.code in _NOT_FOUND:
        raise not_found()
    raise TraktError(422, taken.result.code, taken.result.detail)
