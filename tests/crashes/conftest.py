"""A home for the processes of a test, on each database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crashes.services import Home, home_at


@pytest.fixture
def home(database_url: str, tmp_path: Path) -> Iterator[Home]:
    with home_at(database_url, tmp_path) as found:
        yield found
