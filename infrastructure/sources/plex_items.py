"""Plex's items: its metadata, and the reference that it comes to, for its hooks and Tautulli's.

For an episode the list `Guid` holds the episode's own ids. Of its show there is a guid of Plex's
own, or else the server's key. The agents of before wrote ids into the guid itself: for a season or
an episode those are the show's, with the numbers (guids.py).
"""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

from domain.items import Kind
from domain.references import Reference
from infrastructure.sources.fields import Amount, Shape, Text, Truth, Whole, Year
from infrastructure.sources.guids import Guid, read_guid
from infrastructure.sources.naming import clean_ids, local_id, named, reference

_PLEX = "plex"
_GUIDS_MAX = 50


def _as_guids(value: Any) -> list[str]:
    if not isinstance(value, list):
        return []
    ids = [each.get("id") for each in value[:_GUIDS_MAX] if isinstance(each, dict)]
    return [each for each in ids if isinstance(each, str)]


class Camel(Shape):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class Metadata(Camel):
    """What a hook is about, under Plex's names."""

    type: Text = None
    title: Text = None
    year: Year = None
    index: Whole = None
    parent_index: Whole = None
    parent_title: Text = None
    grandparent_title: Text = None
    key: Text = None
    rating_key: Text = None
    parent_rating_key: Text = None
    grandparent_rating_key: Text = None
    guid: Text = None
    parent_guid: Text = None
    grandparent_guid: Text = None
    guids: Annotated[
        list[str], BeforeValidator(_as_guids), Field(alias="Guid", default_factory=list)
    ]
    library_section_title: Text = None
    library_section: Annotated[Text, Field(alias="librarySectionID")] = None
    live: Truth = None
    duration: Amount = None
    view_offset: Amount = None

    @property
    def library(self) -> str | None:
        return self.library_section_title or self.library_section

    @property
    def is_live(self) -> bool:
        return bool(self.live) or (self.key or "").startswith("/livetv/")


def reference_of(
    kind: Kind,
    about: Metadata,
    server: str | None,
    runtime_seconds: float | None,
    *,
    ids: Mapping[str, str] | None = None,
    show_ids: Mapping[str, str] | None = None,
    show_year: int | None = None,
) -> Reference:
    """The item that metadata of a server is about; more ids of it and its show may be known."""
    guid = read_guid(about.guid)
    if kind in {Kind.MOVIE, Kind.SHOW}:
        facts: dict[str, Any] = {"ids": _own_ids(about, guid, server), "year": about.year}
    else:
        facts = _in_show(kind, about, guid, server)
        facts["show"] = named(
            facts["show"], show_year, {**facts.pop("show_ids"), **(show_ids or {})}
        )
    facts["ids"] |= ids or {}
    return reference(kind, title=about.title, runtime_seconds=runtime_seconds, **facts)


def _in_show(kind: Kind, about: Metadata, guid: Guid | None, server: str | None) -> dict[str, Any]:
    """Ids, show and numbers of a season or an episode."""
    is_plex = guid is not None and guid.namespace == _PLEX
    legacy = guid if guid and not is_plex and guid.season is not None else None
    title, of_show, season, episode = _place(kind, about, server)
    return {
        "ids": _own_ids(about, guid if is_plex else None, server),
        "show": title,
        "show_ids": of_show | (clean_ids({legacy.namespace: legacy.id}) if legacy else {}),
        "season": legacy.season if legacy else season,
        "episode": episode if legacy is None or legacy.episode is None else legacy.episode,
    }


def _place(
    kind: Kind, about: Metadata, server: str | None
) -> tuple[str | None, dict[str, str], int | None, int | None]:
    """The show's title and ids, and the numbers of season and episode in it."""
    if kind is Kind.SEASON:
        ids = _show_ids(about.parent_guid, server, about.parent_rating_key)
        return about.parent_title, ids, about.index, None
    ids = _show_ids(about.grandparent_guid, server, about.grandparent_rating_key)
    return about.grandparent_title, ids, about.parent_index, about.index


def _own_ids(about: Metadata, guid: Guid | None, server: str | None) -> dict[str, str]:
    listed = [each for each in map(read_guid, about.guids) if each and each.season is None]
    found = [*([guid] if guid else []), *listed]
    return _or_local({each.namespace: each.id for each in found}, server, about.rating_key)


def _show_ids(guid: str | None, server: str | None, rating_key: str | None) -> dict[str, str]:
    found = read_guid(guid)
    return _or_local({found.namespace: found.id} if found else {}, server, rating_key)


def _or_local(ids: Mapping[str, str], server: str | None, rating_key: str | None) -> dict[str, str]:
    cleaned = clean_ids(ids)
    return cleaned if _PLEX in cleaned else cleaned | local_id(_PLEX, server, rating_key)
