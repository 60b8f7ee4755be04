"""What a ledger holds after a pull."""

from sqlalchemy import select

from domain.catalog import Catalog
from infrastructure.database.engine import read_transaction
from infrastructure.ledger.directory import CurrentDirectory
from infrastructure.ledger.schema import ledger_event
from infrastructure.services import Services


def catalog(services: Services) -> Catalog:
    return CurrentDirectory(services.engine).latest().catalog


def there(services: Services) -> list[str]:
    """What is there and not hidden, without the shelves."""
    found = catalog(services)
    return sorted(each for each in found.nodes if found.is_present(each) and "shelf" not in each)


def told(services: Services) -> list[tuple[str, str, str]]:
    """Who said what of which item, in order."""
    event = ledger_event.c
    query = select(event.originator_id, event.topic, event.item).where(event.submission_id != None)  # noqa: E711  # SQL
    with read_transaction(services.engine) as connection:
        rows = connection.execute(query.order_by(event.position)).all()
    return [
        (stream.partition(":")[2], topic.partition(".")[0], item) for stream, topic, item in rows
    ]
