"""Items by what stands for them in a path: the ledger's number, a slug, or an id of IMDb."""

from domain.items import Kind, kind_of
from domain.viewer import Viewer
from infrastructure.http.trakt.errors import not_found
from infrastructure.trakt.slugs import slugged


def item_at(viewer: Viewer, kind: Kind, text: str) -> str:
    """The item of a kind that the viewer sees. Raises TraktError if there is none."""
    catalog = viewer.catalog
    if text.isascii() and text.isdigit():
        item = catalog.numbered(int(text))
    elif text.startswith("tt") and text[2:].isdigit():
        item = next(iter(filter(viewer.sees, catalog.known_by(kind, "imdb", text))), None)
    else:
        item = slugged(catalog, kind, text)
    if item is None or kind_of(item) is not kind or not viewer.sees(item):
        raise not_found()
    return item


def child_at(viewer: Viewer, parent: str, number: int) -> str:
    """What has a number under a show or a season. Raises TraktError if there is nothing."""
    nodes = viewer.catalog.nodes
    for item in viewer.catalog.children(parent):
        if nodes[item].details.index == number and viewer.sees(item):
            return item
    raise not_found()


def seen_children(viewer: Viewer, parent: str) -> list[str]:
    return [item for item in viewer.catalog.children(parent) if viewer.sees(item)]
