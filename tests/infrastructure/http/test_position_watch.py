"""One task looks how far the read models are, for however many wait."""

import asyncio
from collections.abc import Iterator
from threading import Thread

import pytest

from infrastructure.database.problems import DatabaseUnreachable
from infrastructure.http.position_watch import PositionWatch


class ReadModels:
    """Read models that get on, and count how often they are asked how far they are."""

    def __init__(self, positions: Iterator[int]) -> None:
        self._positions = positions
        self.asked = 0

    def position(self) -> int:
        self.asked += 1
        return next(self._positions)


def test_all_that_wait_are_woken_by_one_look() -> None:
    async def main() -> tuple[list[int], int]:
        models = ReadModels(iter([*[0] * 108, *[7] * 10_000]))
        watch = PositionWatch(models.position)
        found = await asyncio.gather(*(watch.reached(7, 10) for _ in range(100)))
        return found, models.asked

    found, asked = asyncio.run(main())
    assert found == [7] * 100
    assert asked < 150, "each looks once when it comes; the rest is the one task's"


def test_a_projector_of_the_same_process_wakes_at_once() -> None:
    async def main() -> int:
        models = ReadModels(iter([0] * 10_000))
        watch = PositionWatch(models.position)
        waiting = asyncio.create_task(watch.reached(7, 10))
        await asyncio.sleep(0.1)
        Thread(target=watch.tell, args=[7]).start()
        return await waiting

    assert asyncio.run(main()) == 7


def test_who_waits_in_vain_is_told_how_far_they_are_and_nothing_goes_on_looking() -> None:
    async def main() -> tuple[int, int, int]:
        models = ReadModels(iter([3] * 10_000))
        watch = PositionWatch(models.position)
        found = await watch.reached(7, 0.05)
        await asyncio.sleep(0.15)
        before = models.asked
        await asyncio.sleep(0.15)
        return found, before, models.asked

    found, before, after = asyncio.run(main())
    assert (found, before) == (3, after)


def test_a_database_that_fails_fails_those_who_wait() -> None:
    def positions() -> Iterator[int]:
        yield 0
        raise DatabaseUnreachable("gone")

    async def main() -> None:
        await PositionWatch(ReadModels(positions()).position).reached(7, 5)

    with pytest.raises(DatabaseUnreachable):
        asyncio.run(main())


def test_who_follows_is_woken_at_once_and_looked_for_seldom() -> None:
    async def main() -> tuple[int, int]:
        models = ReadModels(iter([7] * 10_000))
        watch = PositionWatch(models.position)
        following = asyncio.create_task(watch.beyond(7))
        await asyncio.sleep(0.5)
        looked = models.asked
        Thread(target=watch.tell, args=[8]).start()
        return await following, looked

    found, looked = asyncio.run(main())
    assert found == 8
    assert looked < 6


def test_who_follows_is_told_of_what_another_process_projects() -> None:
    async def main() -> int:
        models = ReadModels(iter([7, 7, *[9] * 10_000]))
        return await PositionWatch(models.position).beyond(7)

    assert asyncio.run(main()) == 9
