"""Watching through: the episodes that come before one in its show, and haven't been watched yet."""

from domain.next_up import show, show_of
from domain.viewer import Viewer


def unwatched_through(viewer: Viewer, episode: str) -> list[str]:
    """The episodes up to one and with it that the viewer sees and hasn't watched, in order.

    Those of season index 0 come with each other only: nobody who has come to the second season has
    watched all specials. Of two that are one work, the first is enough.
    """
    name = show_of(viewer, episode)
    if name is None:
        return []
    found = show(viewer, name)
    last = found.place(episode)
    unwatched = [
        leaf
        for leaf in found.episodes
        if leaf not in found.watched
        and found.place(leaf) <= last
        and (found.place(leaf)[0] == 0) == (last[0] == 0)
        and viewer.sees(leaf)
    ]
    first_of_work = {viewer.catalog.work(leaf)[0]: leaf for leaf in reversed(unwatched)}
    return [leaf for leaf in unwatched if first_of_work[viewer.catalog.work(leaf)[0]] == leaf]


def ever_of_show(viewer: Viewer, episode: str) -> list[str]:
    """All that stands in an episode's show or ever stood there, and the episode itself."""
    name = show_of(viewer, episode)
    below = set() if name is None else viewer.catalog.ever_under(name)
    return sorted({episode, *below})
