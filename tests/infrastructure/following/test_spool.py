"""What is kept until the ledger has answered it, whatever happens to the follower."""

import sqlite3
from contextlib import closing
from pathlib import Path
from time import time

import pytest

from infrastructure.following.spool import (
    AGAIN_SECONDS,
    ASIDE_SECONDS_MAX,
    BATCH_MAX,
    Spool,
    SpoolProblem,
)


def _keep(spool: Spool, *names: str) -> None:
    for each in names:
        spool.keep("film.mkv", {"id": each, "type": "progress"})


def _ids(spool: Spool) -> list[str]:
    return [each.id for each in spool.batch()]


def _ages(path: Path, column: str, seconds: float) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            f"UPDATE event SET {column} = ?",  # noqa: S608  # one of two of ours
            [time() - seconds],
        )


def test_what_is_kept_is_there_again_in_order_after_a_restart(tmp_path: Path) -> None:
    with closing(Spool(tmp_path / "new" / "spool")) as spool:
        _keep(spool, "b", "a", "c")
    with closing(Spool(tmp_path / "new" / "spool")) as spool:
        assert _ids(spool) == ["b", "a", "c"]
        assert spool.batch()[0].body == {"id": "b", "type": "progress"}


def test_what_was_answered_is_gone(tmp_path: Path) -> None:
    with closing(Spool(tmp_path / "spool")) as spool:
        _keep(spool, "a", "b", "c")
        spool.drop(["a", "c"])
        assert _ids(spool) == ["b"]
        assert len(spool) == 1


def test_a_batch_has_a_bound(tmp_path: Path) -> None:
    with closing(Spool(tmp_path / "spool")) as spool:
        _keep(spool, *map(str, range(BATCH_MAX + 5)))
        assert _ids(spool) == [str(each) for each in range(BATCH_MAX)]


def test_what_cannot_be_resolved_is_tried_again_after_an_hour_and_last(tmp_path: Path) -> None:
    path = tmp_path / "spool"
    with closing(Spool(path)) as spool:
        _keep(spool, "a")
        spool.put_aside(["a"])
        assert _ids(spool) == []
    _ages(path, "aside_at", AGAIN_SECONDS + 1)
    with closing(Spool(path)) as spool:
        _keep(spool, "b")
        assert _ids(spool) == ["b", "a"]


def test_what_cannot_be_resolved_for_a_week_is_let_go(tmp_path: Path) -> None:
    path = tmp_path / "spool"
    with closing(Spool(path)) as spool:
        _keep(spool, "a")
        spool.put_aside(["a"])
    _ages(path, "aside_since", ASIDE_SECONDS_MAX + 1)
    with closing(Spool(path)) as spool:
        _keep(spool, "b")
        spool.put_aside(["a", "b"])
        assert len(spool) == 1


def test_two_followers_do_not_share_a_spool(tmp_path: Path) -> None:
    with closing(Spool(tmp_path / "spool")), pytest.raises(SpoolProblem, match="Another follower"):
        Spool(tmp_path / "spool")


def test_what_is_no_spool_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "letter"
    path.write_text("Dear Ada, " * 1_000)
    with pytest.raises(SpoolProblem, match="not a database"):
        Spool(path)
    assert path.read_text().startswith("Dear Ada")


def test_a_place_where_nothing_can_be_kept_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SpoolProblem, match="--spool"):
        Spool(tmp_path / "file" / "spool")
