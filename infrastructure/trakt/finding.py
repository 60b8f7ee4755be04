"""What Trakt clients name, as references; and the items that they mean, placed if need be."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from domain.catalog import Catalog
from domain.directory import Directory
from domain.items import Kind
from domain.references import OWN_NAMESPACE, Named, Reference
from domain.rejection import Rejection
from domain.resolving import Resolver
from domain.standing_in import Shelf, Shelving
from infrastructure.commands.handler import CommandHandler
from infrastructure.ledger.directory import CurrentDirectory
from infrastructure.trakt.slugs import slugged

SHELVING = Shelving(Shelf("movie_shelf:trakt", "Trakt"), Shelf("show_shelf:trakt", "Trakt"))
_SHELVES = (SHELVING.movies.item, SHELVING.shows.item)
_NAMESPACES = ("imdb", "tmdb", "tvdb", "tvrage")


def _number(value: Any) -> Any:
    """Numbers as text, and none at all, are what Kodi's add-on sends."""
    return int(value) if isinstance(value, str) and value.strip().isdigit() else value or None


def _index(value: Any) -> Any:
    return int(value) if isinstance(value, str) and value.strip().isdigit() else value


Year = Annotated[int | None, BeforeValidator(_number)]
Index = Annotated[int | None, Field(ge=0, lt=2**31), BeforeValidator(_index)]


class Media(BaseModel):
    """A film, show, season or episode as clients name it; what else they say is left aside."""

    model_config = ConfigDict(extra="ignore")
    ids: Mapping[str, Any] | None = None
    title: str | None = None
    year: Year = None
    season: Index = None
    number: Index = None
    number_abs: Index = None


class Finder:
    """Finds items for Trakt clients, in any thread."""

    def __init__(self, handler: CommandHandler, directories: CurrentDirectory) -> None:
        self._handler = handler
        self._directories = directories

    @property
    def directory(self) -> Directory:
        """As of the ledger's end."""
        return self._directories.latest()

    @property
    def catalog(self) -> Catalog:
        return self.directory.catalog

    def user(self, cduid: str) -> str:
        """Whose a device user is by now (rule 33)."""
        return self._directories.latest().device_users[cduid].user

    def items(
        self, user: str, references: Sequence[Reference | None], *, places: bool = True
    ) -> list[str | None]:
        """The item of each in order, None for what there is none of, or for the user none.

        `places`: what is named well enough is placed. An episode is only with its show and
        numbers: an id alone is sent again by those, if it isn't known.
        """
        found, catalog = self._resolved(user, references), self.catalog
        missing = [
            index
            for index, reference in enumerate(references)
            if reference is not None
            and found[index] is None
            and places
            and _is_placeable(reference, catalog)
        ]
        if missing:
            asked = [each for index in missing if (each := references[index]) is not None]
            self._handler.stand_in(asked, SHELVING)
            found = self._resolved(user, references)
        return found

    def reference(self, kind: Kind, media: Media | None, show: Media | None) -> Reference | None:
        """What is named, by the ledger's words; None if nothing is."""
        try:
            return self._reference(kind, media or Media(), show)
        except ValidationError:
            return None

    def _reference(self, kind: Kind, media: Media, show: Media | None) -> Reference:
        named = self._named(kind, media)
        in_show = None if show is None else self._named(Kind.SHOW, show)
        season, episode = media.season, media.number
        if kind is Kind.SEASON:
            season, episode = media.number, None
        elif kind is Kind.EPISODE and episode is None and media.number_abs is not None:
            season, episode = 1 if season is None else season, media.number_abs
        is_part = kind in {Kind.SEASON, Kind.EPISODE}
        return Reference(
            kind=kind,
            ids=named.ids,
            title=named.title,
            year=None if is_part else named.year,
            show=in_show if is_part else None,
            season=season if is_part else None,
            episode=episode if kind is Kind.EPISODE else None,
        )

    def _named(self, kind: Kind, media: Media) -> Named:
        given = {key: each for key, each in (media.ids or {}).items() if each}
        ids = {key: str(given[key]) for key in _NAMESPACES if key in given}
        if "trakt" in given:
            ids[OWN_NAMESPACE] = str(given["trakt"])
        elif not ids and isinstance(given.get("slug"), str):
            item = slugged(self.catalog, kind, given["slug"])
            ids |= {} if item is None else {OWN_NAMESPACE: str(self.catalog.nodes[item].number)}
        return Named(ids=ids, title=media.title or None, year=media.year)

    def _resolved(self, user: str, references: Sequence[Reference | None]) -> list[str | None]:
        directory = self._directories.latest()
        access = directory.access(user)
        resolver = Resolver(
            directory.catalog, lambda item: access.may_see(directory.catalog, item), _SHELVES
        )
        found = [None if each is None else resolver.resolve(each) for each in references]
        return [None if isinstance(each, Rejection) else each for each in found]


def _is_placeable(reference: Reference, catalog: Catalog) -> bool:
    """Whether more is said than a number of the ledger's own that nothing has."""
    named = reference.show if reference.kind in {Kind.SEASON, Kind.EPISODE} else reference
    if named is None:
        return False
    number = named.ids.get(OWN_NAMESPACE, "")
    is_known = number.isascii() and number.isdigit() and catalog.numbered(int(number)) is not None
    return is_known or bool(named.title or named.ids.keys() - {OWN_NAMESPACE})
