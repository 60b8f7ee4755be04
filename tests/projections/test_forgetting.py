"""Whatever is kept of a user can be told to be theirs, so that it goes when they do."""

import pytest

from projections.device_users import ClientDevice
from projections.forgetting import Forgotten
from projections.projection import Projection, live_table
from projections.read_models import PROJECTIONS

TELLING = set(Forgotten("ann", (), (), {}).by_column)


@pytest.mark.parametrize("projection", PROJECTIONS, ids=lambda each: each.name)
def test_each_table_that_is_by_user_says_whose_a_row_is(projection: type[Projection]) -> None:
    """A new read model has one of these columns, or nobody's rows would ever go."""
    for model in projection.models:
        is_somebodys = not TELLING.isdisjoint(live_table(model).columns.keys())
        is_known_otherwise = model is ClientDevice
        assert is_somebodys or is_known_otherwise or not projection.is_by_user, model.__name__
