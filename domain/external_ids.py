"""External ids: what other catalogs, such as IMDb or TheTVDB, know an item by."""

import re
from collections.abc import Mapping

NAMESPACES = ("imdb", "tmdb", "tvdb", "trakt", "anidb")
"""Whose ids tell that two items are one work, unless the settings name others."""

_is_none = re.compile(r"(tt)?0*|-1|none|null|unknown", re.IGNORECASE).fullmatch
"""What media servers send where they know no id: taken for one, it would make all such items one
work.
"""


def ids_of(external_ids: Mapping[str, str]) -> dict[str, str]:
    """Ids by namespace, which are in small letters here: some write IMDb, some imdb."""
    return {
        namespace.lower(): stripped
        for namespace, each in external_ids.items()
        if not _is_none(stripped := each.strip())
    }
