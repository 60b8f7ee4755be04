"""Runs commands in this process as a shell would, each on the test's own database."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from infrastructure.cli.main import app
from tests.infrastructure.cli.shell import Run, write_lines


@pytest.fixture
def run(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command; checks the exit code, 0 unless said."""
    monkeypatch.setenv("WATCHLEDGER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("WATCHLEDGER_DATABASE_URL", database_url)

    def invoke(*arguments: str, exit_code: int = 0, stdin: bytes | None = None) -> Result:
        result = CliRunner().invoke(app, list(arguments), input=stdin)
        assert result.exit_code == exit_code, (result.output, result.exception)
        return result

    return invoke


@pytest.fixture
def library(run: Run, tmp_path: Path) -> Path:
    """A show of two seasons and a movie, imported; the file they came from."""
    items = [
        {"item": "show_shelf:tv"},
        {"item": "movie_shelf:films", "index": 2},
        {"item": "show:s", "parent": "show_shelf:tv", "title": "Sherlock"},
        *(
            {"item": f"season:s{n}", "parent": "show:s", "index": n, "title": f"Series {n}"}
            for n in (1, 2)
        ),
        *(
            {"item": f"episode:s{n}e{m}", "parent": f"season:s{n}", "index": m, "title": f"E{m}"}
            for n in (1, 2)
            for m in (1, 2)
        ),
        {"item": "movie:m", "parent": "movie_shelf:films", "title": "Alien"},
    ]
    path = write_lines(tmp_path / "library.ndjson", items)
    run("import", "catalog", str(path))
    return path


@pytest.fixture
def ada(run: Run) -> list[str]:
    """Ada on a TV and a phone."""
    for device in ("tv", "phone"):
        run("device-user", "add", f"ada-{device}", "--user", "ada", "--device", device)
    return ["ada-tv", "ada-phone"]
