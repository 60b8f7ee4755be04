"""Real viewings of real people: the ledger's answers are exactly what they have watched."""

from collections import defaultdict
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select
from typer.testing import CliRunner

from domain.policy import Policy
from infrastructure.bootstrap import opened
from infrastructure.cli.main import app
from infrastructure.projecting.projector import Projector
from infrastructure.querying.reader import Reader
from infrastructure.settings.settings import load_settings
from projections.watched import Watched
from tests.realdata.viewings import Viewing, read_viewings, register, write_events

_DATA = Path(__file__).parents[3] / "shared" / "data"
_CATALOG = _DATA / "catalog.ndjson.gz"
_VIEWINGS = _DATA / "movie-watches.csv.gz"

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(
        not (_CATALOG.exists() and _VIEWINGS.exists()),
        reason=f"the real catalog and viewings aren't in {_DATA}",
    ),
]


@pytest.fixture(scope="module")
def viewings() -> list[Viewing]:
    return list(read_viewings(_VIEWINGS))


@pytest.fixture
def imported(
    database_url: str, viewings: list[Viewing], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both files, through the commands that import them."""
    monkeypatch.setenv("WATCHLEDGER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("WATCHLEDGER_DATABASE_URL", database_url)
    with opened(load_settings(), projects=False) as services:
        register(services.handler, viewings)
    events = tmp_path / "events.ndjson"
    write_events(viewings, events)
    for kind, path, said in (
        ("catalog", _CATALOG, "12,055 placed"),
        ("events", events, "100,848 recorded, 0 duplicate, 0 rejected"),
    ):
        result = CliRunner().invoke(app, ["import", kind, str(path)])
        assert result.exit_code == 0, result.output
        assert said in result.stderr


@pytest.mark.usefixtures("imported")
def test_the_watched_movies_of_everybody_are_exactly_theirs(
    engine: Engine, viewings: list[Viewing]
) -> None:
    Projector(engine, Policy(), page_size=5_000).catch_up()
    seen: dict[str, set[str]] = defaultdict(set)
    for viewing in viewings:
        seen[viewing.cduid].add(viewing.item)
    most_to_least = sorted(seen, key=lambda cduid: (-len(seen[cduid]), cduid))
    with Reader(engine).snapshot() as snapshot:
        for cduid in most_to_least[:5] + most_to_least[-5:]:
            viewer = snapshot.viewer(cduid)
            movies = viewer.catalog.leaves("movie_shelf:movies").items
            viewer.prefetch_rows(["movie_shelf:movies"])
            assert {movie for movie in movies if viewer.is_watched(movie)} == seen[cduid]
        rows = snapshot.connection.execute(select(func.count()).select_from(Watched)).scalar_one()
    assert rows == sum(map(len, seen.values()))  # nobody has watched the whole shelf
