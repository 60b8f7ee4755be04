"""Commands: what the operator can ask for, as it is sent.

A field left out keeps its value, null unsets it. Which ones were left out is in `model_fields_set`.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
)

from domain.events import IsolationMode, SourceKind, UnknownAccounts
from domain.items import ID_PATTERN, Id, ItemId
from domain.values import DurationSeconds, Index, Line, ReleasedAt, Text, Year

_TAGS_MAX = 1000
_EXTERNAL_IDS_MAX = 100
_is_day = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII).fullmatch


def _as_text(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _from_midnight(value: Any) -> Any:
    if isinstance(value, str) and _is_day(value):
        return f"{value}T00:00:00Z"
    if isinstance(value, datetime) or (isinstance(value, str) and _is_day(value[:10])):
        return value
    # Bare numbers least of all are understood: they could be seconds or years.
    raise ValueError("isn't understood; send a day such as 2026-01-31, or a time of it")


_ITEM_SAID = (
    "kind:key. The key is for good, and all that is watched hangs on it: make it of what doesn't "
    "change, such as the media server's own id (movie:0f5c7a1e9d3b4c62a8e1f09b7d5c4a31) or another "
    "catalog's (movie:tmdb-1092), never of a title, a path or a place in a list. Several servers "
    "that hold the same film send one key for it."
)

_LINK_SAID = (
    "Whether what has the same id in another catalog becomes one work with it. Say false each time "
    "of what shall stay apart."
)

Tags = Annotated[tuple[Text, ...], Field(max_length=_TAGS_MAX, fail_fast=True)]
ItemIds = Annotated[tuple[ItemId, ...], Field(max_length=_TAGS_MAX, fail_fast=True)]
ExternalKey = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f-\x9f]+$", max_length=100)]
ExternalId = Annotated[Text, BeforeValidator(_as_text, Text | int)]
"""An id that another catalog has for an item; some send numbers, which are taken as their text."""

ExternalIds = Annotated[Mapping[ExternalKey, ExternalId], Field(max_length=_EXTERNAL_IDS_MAX)]

Release = Annotated[
    ReleasedAt,
    Field(strict=False),
    BeforeValidator(_from_midnight),
    WithJsonSchema(
        {"anyOf": [{"type": "string", "format": each} for each in ("date", "date-time")]}
    ),
]
"""When something comes out; a bare day is its midnight in UTC."""

_MODES = {**{str(mode): mode for mode in IsolationMode}, "silent": IsolationMode.SILO}


def _mode(value: Any) -> IsolationMode:
    if isinstance(value, str) and value in _MODES:
        return _MODES[value]
    raise ValueError(f"must be one of {', '.join(_MODES)}")


Mode = Annotated[
    IsolationMode,
    BeforeValidator(_mode, Literal["silo", "silent", "quiet", "loud", "shout"]),
]
"""An isolation mode; "silent" is another way to write "silo"."""


class Command(BaseModel):
    """What every command has in common: fields are as strict as events', and none is unknown."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    def given(self, *names: str) -> dict[str, Any]:
        """Those of the named fields that were sent, null included."""
        return {name: getattr(self, name) for name in names if name in self.model_fields_set}


class PlaceItem(Command):
    """An upsert of an item of the catalog (rule 4); only a new one needs its parent."""

    item: Annotated[ItemId, Field(description=_ITEM_SAID, examples=["movie:tmdb-1092"])]
    parent: ItemId | None = None
    index: Index | None = None
    title: Line | None = None
    tags: Tags | None = None
    external_ids: ExternalIds | None = None
    runtime_seconds: DurationSeconds | None = None
    tracks_progress: bool | None = None
    year: Annotated[Year | None, Field(description="The year that it is known by.")] = None
    released_at: Annotated[
        Release | None,
        Field(
            description="When it comes out: RFC 3339, or a day, which begins at midnight in UTC."
        ),
    ] = None
    link: Annotated[bool, Field(description=_LINK_SAID)] = True


class LinkItems(Command):
    """Makes two watchable items of one kind one work (rule 24)."""

    item: ItemId
    same_as: ItemId


class PutDeviceUser(Command):
    """Registers a device user, or changes one's names and mode; user and device stay for good."""

    user: Id
    device: Id
    reported_name: Line | None = None
    display_name: Line | None = None
    kind: Line | None = None
    isolation_mode: Mode = IsolationMode.LOUD


class PatchDeviceUser(Command):
    """Changes the mode or display name of a device user that is registered."""

    isolation_mode: Mode = IsolationMode.LOUD
    display_name: Line | None = None


class ReassignDeviceUser(Command):
    """Whose a device user is from now on, with all that it ever said (rule 33)."""

    user: Id


class PutAccess(Command):
    """A user's limits, all of them, so that none is lifted by leaving it out (rule 15)."""

    allowed_shelves: ItemIds | None
    allowed_tags: Tags | None
    denied_tags: Tags | None


_SHELF = rf"^(movie_shelf|show_shelf):{ID_PATTERN}$"

AccountName = Annotated[Line, Field(min_length=1)]
Accounts = Annotated[Mapping[AccountName, Id | None], Field(max_length=_TAGS_MAX)]
Shelves = Annotated[
    Mapping[AccountName, Annotated[str, StringConstraints(pattern=_SHELF)]],
    Field(max_length=_TAGS_MAX),
]


class PutSource(Command):
    """Sets a source up, or changes how it is taken; its kind stays for good.

    Of accounts only those that are given change.
    """

    kind: Annotated[SourceKind, Field(strict=False, description="What kind of server tells.")]
    accounts: Annotated[
        Accounts,
        Field(
            description="By the server's key for an account, or its name: the user who it is. Null "
            "is nobody any more; accounts that are left out stay whose they are.",
            examples=[{"1": "ada"}],
        ),
    ] = Field(default_factory=dict)
    unknown_accounts: Annotated[
        UnknownAccounts,
        Field(
            strict=False,
            description="What becomes of what an account says that is nobody's: hold keeps it "
            "until the account is mapped, create makes a user of the account's name.",
        ),
    ] = UnknownAccounts.HOLD
    shelves: Annotated[
        Shelves,
        Field(
            description="By the server's library, or by movie and show for all others: the shelf "
            "that its things stand on.",
            examples=[{"movie": "movie_shelf:films"}],
        ),
    ] = Field(default_factory=dict)
    places: Annotated[
        bool, Field(description="Whether what the catalog doesn't have yet is placed.")
    ] = True
    isolation_mode: Mode = IsolationMode.LOUD
