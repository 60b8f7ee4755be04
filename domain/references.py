"""References: what a client calls a film or an episode that it has no item of the ledger for.

Media servers know ids of other catalogs, players a file's name, trackers a title and a year. What
was said so stays in the event as it was claimed; `domain/resolving.py` finds out which item is
meant.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from domain.items import Kind
from domain.values import DurationSeconds, Line, Year

IDS_MAX = 50

OWN_NAMESPACE = "watchledger"
"""Under this stands an item's own number, as the ledger tells it."""

_Namespace = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f-\x9f]+$", max_length=100)]
_ExternalId = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f-\x9f]+$", max_length=300)]


def _only_known(ids: Any) -> Any:
    """Without those that are null or empty, and numbers as text: clients send all of that."""
    if not isinstance(ids, Mapping):
        return ids
    return {
        namespace: str(each) if isinstance(each, int) and not isinstance(each, bool) else each
        for namespace, each in ids.items()
        if each is not None and each != ""
    }


ExternalIds = Annotated[
    Mapping[_Namespace, _ExternalId],
    Field(max_length=IDS_MAX),
    BeforeValidator(_only_known, Mapping[_Namespace, _ExternalId | int | None]),
]
"""Ids by the catalog that they are of, such as imdb, tmdb and tvdb."""

Number = Annotated[int, Field(ge=0, lt=2**31)]
"""That of a season or of an episode; season 0 holds specials."""


class Named(BaseModel):
    """What something is called: by ids, or by a title and perhaps a year."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")
    ids: ExternalIds = Field(default_factory=dict)
    title: Line | None = None
    year: Year | None = None


def unresolved_item(reference: "Reference") -> str:
    """What stands for the item as long as nobody knows it; no event is recorded with it."""
    return f"{reference.kind}:unresolved"


class Reference(Named):
    """One film, show, season, episode or streamable, as a client names it.

    An episode or a season is named by its own ids, or by its show with their numbers, or by both.
    """

    kind: Annotated[Kind, Field(strict=False)]
    show: Named | None = None
    season: Number | None = None
    episode: Number | None = None
    runtime_seconds: DurationSeconds | None = None

    @model_validator(mode="after")
    def _names_something(self) -> Self:
        if self.kind in {Kind.MOVIE_SHELF, Kind.SHOW_SHELF, Kind.STREAM_SOURCE}:
            raise ValueError("names a shelf; send its item")
        if self.ids or self._is_titled or self._is_numbered:
            return self
        raise ValueError(
            "names nothing; send ids, or a title, or of an episode its show with the numbers of "
            "season and episode"
        )

    @property
    def _is_titled(self) -> bool:
        return bool(self.title) and self.kind in {Kind.MOVIE, Kind.SHOW, Kind.STREAMABLE}

    @property
    def _is_numbered(self) -> bool:
        show = self.show
        if show is None or self.season is None or not (show.ids or show.title):
            return False
        return self.kind is Kind.SEASON or (self.kind is Kind.EPISODE and self.episode is not None)
