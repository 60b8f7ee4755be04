"""A served ledger for each test, with nothing in it."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from infrastructure.bootstrap import Services, opened
from infrastructure.settings import load_settings
from tests.infrastructure.http.api import Api, served


@pytest.fixture
def services(database_url: str, tmp_path: Path) -> Iterator[Services]:
    options = {
        "database_url": database_url,
        "data_dir": tmp_path,
        "admin_token": "the-admin",
        "sqlite_synchronous": "OFF",
    }
    with opened(load_settings(options)) as found:
        yield found


@pytest.fixture
def api(services: Services) -> Iterator[Api]:
    with capture_logs(), served(services) as address:
        api = Api(address, "the-admin", services)
        with closing(api):
            yield api
