"""What players can send: every activity that there is, with all that it can claim."""

import pytest

from domain.events import ACTIVITY, Activity
from infrastructure.commands.submissions import EVENTS_BODY

SCHEMA = EVENTS_BODY.json_schema()
SENT_AS = SCHEMA["properties"]["events"]["items"]["discriminator"]["mapping"]
ENVELOPE = {"id", "type", "cduid"}


def test_every_activity_can_be_sent_and_nothing_else() -> None:
    assert SENT_AS.keys() == {cls.type_name for cls in ACTIVITY}


@pytest.mark.parametrize("event_class", ACTIVITY)
def test_what_is_sent_has_the_facts_of_its_event(event_class: type[Activity]) -> None:
    shape = SCHEMA["$defs"][SENT_AS[event_class.type_name].rpartition("/")[2]]
    assert shape["properties"].keys() == {*ENVELOPE, *event_class.model_fields}
    facts = {name for name, field in event_class.model_fields.items() if field.is_required()}
    assert set(shape["required"]) == {"id", "type", *facts}
