"""Items of Emby and of Jellyfin, which came of it: the same shape, and the file that it comes to.

`ProviderIds` are an item's own, for an episode never the show's. Both know an item by a key that is
theirs alone. One item may be a file of several episodes, from IndexNumber to IndexNumberEnd.
"""

from collections.abc import Mapping
from typing import Annotated

from pydantic import BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_pascal

from domain.items import Kind
from domain.references import Named
from infrastructure.sources import saying
from infrastructure.sources.fields import Amount, Shape, Text, Truth, Whole, Year
from infrastructure.sources.naming import (
    EXTRA,
    LIVE,
    clean_ids,
    kind_named,
    local_id,
    named,
    reference,
    why_not_kept,
)
from infrastructure.sources.positions import TICKS, length_seconds

Ids = Annotated[dict[str, str], BeforeValidator(clean_ids)]


class Pascal(Shape):
    model_config = ConfigDict(alias_generator=to_pascal, populate_by_name=True)


class UserData(Pascal):
    playback_position_ticks: Amount = None


class BaseItem(Pascal):
    """What either server says of an item, under its names."""

    id: Text = None
    type: Text = None
    name: Text = None
    production_year: Year = None
    run_time_ticks: Amount = None
    index_number: Whole = None
    index_number_end: Whole = None
    parent_index_number: Whole = None
    series_name: Text = None
    series_id: Text = None
    provider_ids: Ids = Field(default_factory=dict)
    extra_type: Text = None
    is_live: Truth = None
    user_data: UserData = UserData()


class BaseUser(Pascal):
    id: Text = None
    name: Text = None


class BaseSession(Pascal):
    device_id: Text = None
    device_name: Text = None
    client: Text = None


class BaseServer(Pascal):
    id: Text = None


def why_not_told(item: BaseItem) -> str | None:
    """Why nothing of an item is kept, if so."""
    if item.is_live:
        return LIVE
    if item.extra_type:
        return EXTRA
    return None if kind_named(item.type) else why_not_kept(item.type)


def file_of(
    kind: Kind,
    item: BaseItem,
    of: tuple[str, str | None],
    *,
    show_year: int | None = None,
    show_ids: Mapping[str, str] | None = None,
) -> saying.File:
    """What an item of a server holds; `of` is the kind of server and its id."""
    length = length_seconds(item.run_time_ticks, TICKS)
    first = reference(
        kind,
        ids=item.provider_ids | local_id(*of, item.id),
        title=item.name,
        runtime_seconds=length,
        **_in_show(kind, item, _show(item, of, show_year, show_ids)),
    )
    last_number = item.index_number_end if kind is Kind.EPISODE else None
    return saying.file_of(first, last_number, length)


def _show(
    item: BaseItem,
    of: tuple[str, str | None],
    year: int | None,
    ids: Mapping[str, str] | None,
) -> Named | None:
    return named(item.series_name, year, {**(ids or {}), **local_id(*of, item.series_id)})


def _in_show(kind: Kind, item: BaseItem, show: Named | None) -> dict[str, object]:
    if kind is Kind.EPISODE:
        numbers = {"season": item.parent_index_number, "episode": item.index_number}
        return {"show": show, **numbers}
    if kind is Kind.SEASON:
        return {"show": show, "season": item.index_number}
    return {"year": item.production_year}
