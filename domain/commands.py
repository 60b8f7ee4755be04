"""Commands: what the operator can ask for, as it is sent.

A field left out keeps its value, null unsets it. Which ones were left out is in `model_fields_set`.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from domain.events import DurationSeconds, Index, IsolationMode, Text
from domain.items import Id, ItemId

_TAGS_MAX = 1000

Tags = Annotated[tuple[Text, ...], Field(max_length=_TAGS_MAX)]
ItemIds = Annotated[tuple[ItemId, ...], Field(max_length=_TAGS_MAX)]
ExternalKey = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f-\x9f]+$", max_length=100)]


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

    item: ItemId
    parent: ItemId | None = None
    index: Index | None = None
    title: Text | None = None
    tags: Tags | None = None
    external_ids: Mapping[ExternalKey, Text] | None = None
    runtime_seconds: DurationSeconds | None = None
    tracks_progress: bool | None = None


class PutDeviceUser(Command):
    """Registers a device user, or changes one's names and mode; user and device stay for good."""

    user: Id
    device: Id
    reported_name: Text | None = None
    display_name: Text | None = None
    kind: Text | None = None
    isolation_mode: Mode = IsolationMode.LOUD


class PatchDeviceUser(Command):
    """Changes the mode or display name of a device user that is registered."""

    isolation_mode: Mode = IsolationMode.LOUD
    display_name: Text | None = None


class PutAccess(Command):
    """A user's limits, all of them, so that none is lifted by leaving it out (rule 15)."""

    allowed_shelves: ItemIds | None
    allowed_tags: Tags | None
    denied_tags: Tags | None
