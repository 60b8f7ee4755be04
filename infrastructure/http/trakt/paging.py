"""Pages, as Trakt's clients turn them: by number, with four headers that say how many there are."""

from collections.abc import Sequence
from typing import Annotated, NamedTuple, TypeVar

from fastapi import Depends, Query, Response

T = TypeVar("T")

_LIMIT, _LIMIT_MAX = 10, 1_000
_PAGE_MAX = 1_000_000


class Page(NamedTuple):
    number: int
    limit: int

    def of(self, found: Sequence[T], response: Response) -> Sequence[T]:
        """What is on it of all that there is."""
        count = len(found)
        response.headers["X-Pagination-Page"] = str(self.number)
        response.headers["X-Pagination-Limit"] = str(self.limit)
        response.headers["X-Pagination-Page-Count"] = str(-(-count // self.limit))
        response.headers["X-Pagination-Item-Count"] = str(count)
        first = (self.number - 1) * self.limit
        return found[first : first + self.limit]


def _page(
    page: Annotated[int, Query(ge=1, le=_PAGE_MAX)] = 1,
    limit: Annotated[int, Query(ge=1)] = _LIMIT,
) -> Page:
    return Page(page, min(limit, _LIMIT_MAX))


PageAsked = Annotated[Page, Depends(_page)]
