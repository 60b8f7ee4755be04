"""Whatever is changed by hand in tables, indexes, triggers and files, verify finds and names."""

import pytest
from sqlalchemy import Engine

from infrastructure.ledger.schema import ledger_event
from tests.helpers.spoiling import (
    chain_anew,
    change,
    execute,
    make_index_that_lacks_rows,
    mended,
)
from tests.helpers.stage import Stage
from tests.helpers.wholeness import faults
from tests.reference.examples import ALIEN, E1, E2, TV, put
from tests.reference.steps import Watch

SUBMISSION = "CREATE UNIQUE INDEX ledger_event_submission ON ledger_event"


@pytest.fixture
def stage(engine: Engine) -> Stage:
    """Ann has seen two episodes."""
    stage = Stage(engine)
    stage.tell(*put(E1, E2, ALIEN), Watch(TV, E1), Watch(TV, E2))
    return stage


def only_fault(engine: Engine) -> str:
    """What is said beside that read models weren't compared."""
    [fault] = [each for each in faults(engine) if not each.startswith("The read models weren't")]
    return fault


# Indexes.


@pytest.mark.parametrize("name", sorted(str(each.name) for each in ledger_event.indexes))
def test_a_missing_index_is_named_and_made_again_as_it_says(stage: Stage, name: str) -> None:
    execute(stage.engine, f"DROP INDEX {name}")
    fault = only_fault(stage.engine)
    assert fault.startswith(f"The index {name} is missing. Stop the service and make it: CREATE ")
    mended(stage.engine, fault)
    assert faults(stage.engine) == []


FALSE_INDEXES = {
    "(originator_id, submission_id)": SUBMISSION.replace("UNIQUE ", "")
    + " (originator_id, submission_id)",
    "UNIQUE (submission_id)": f"{SUBMISSION} (submission_id)",
    "UNIQUE (submission_id, originator_id)": f"{SUBMISSION} (submission_id, originator_id)",
    "submission_id DESC)": f"{SUBMISSION} (originator_id, submission_id DESC)",
    "submission_id) WHERE ": f"{SUBMISSION} (originator_id, submission_id) WHERE position > 9",
    ", submission_id);": f"{SUBMISSION} (lower(originator_id), submission_id)",
}
FALSE_INDEXES_OF = {
    "sqlite": {
        **FALSE_INDEXES,
        "originator_id COLLATE NOCASE": f"{SUBMISSION} (originator_id COLLATE NOCASE,"
        " submission_id)",
    },
    "postgresql": {
        **FALSE_INDEXES,
        "originator_id COLLATE POSIX": f'{SUBMISSION} (originator_id COLLATE "POSIX",'
        " submission_id)",
        "text_pattern_ops": f"{SUBMISSION} (originator_id text_pattern_ops, submission_id)",
        "hash (originator_id)": "CREATE INDEX ledger_event_submission ON ledger_event"
        " USING hash (originator_id)",
    },
}


@pytest.mark.parametrize(
    ("backend", "found"),
    [(backend, found) for backend in FALSE_INDEXES_OF for found in FALSE_INDEXES_OF[backend]],
)
def test_a_false_index_is_named_and_made_anew_as_it_says(
    stage: Stage, backend: str, found: str
) -> None:
    made = FALSE_INDEXES_OF[backend][found]
    execute(stage.engine, "DROP INDEX ledger_event_submission", made)
    fault = only_fault(stage.engine)
    assert fault.startswith("The index ledger_event_submission is ")
    assert found in fault
    assert "it should be UNIQUE (originator_id, submission_id)." in fault
    mended(stage.engine, fault)
    assert faults(stage.engine) == []


@pytest.mark.parametrize("backend", ["postgresql"])
def test_an_index_that_was_not_finished_is_named(stage: Stage) -> None:
    execute(
        stage.engine,
        "UPDATE pg_index SET indisvalid = false"
        " WHERE indexrelid = 'ledger_event_submission'::regclass",
    )
    assert "submission_id), which is invalid; it should be" in only_fault(stage.engine)


def test_an_index_that_refuses_what_is_right_is_named(stage: Stage) -> None:
    execute(stage.engine, "CREATE UNIQUE INDEX mine ON ledger_event (at_us, position)")
    fault = only_fault(stage.engine)
    assert "The index mine on ledger_event, UNIQUE (at_us, position), isn't" in fault
    mended(stage.engine, fault)
    assert faults(stage.engine) == []


def test_an_index_that_only_helps_somebody_is_let_be(stage: Stage) -> None:
    execute(stage.engine, "CREATE INDEX mine ON ledger_event (recorded_at_us)")
    assert faults(stage.engine) == []


@pytest.mark.parametrize("backend", ["sqlite"])
def test_an_index_that_lacks_rows_is_named(stage: Stage) -> None:
    make_index_that_lacks_rows(stage.engine)
    found = faults(stage.engine)
    assert "missing from index ledger_event_at. Stop the service, run REINDEX;" in found[0]
    execute(stage.engine, "REINDEX")
    assert faults(stage.engine) == []


@pytest.mark.parametrize("backend", ["postgresql"])
def test_amcheck_looks_into_indexes_where_it_is(stage: Stage) -> None:
    known = "SELECT 1 FROM pg_available_extensions WHERE name = 'amcheck'"
    with stage.engine.connect() as connection:
        if connection.exec_driver_sql(known).first() is None:
            pytest.skip("this PostgreSQL comes without amcheck")
    execute(stage.engine, "CREATE EXTENSION amcheck")
    assert faults(stage.engine) == []
    # A row less in the index than in the table: as if it had been made from fewer.
    execute(
        stage.engine,
        "DROP INDEX ledger_event_at",
        "CREATE INDEX ledger_event_at ON ledger_event (at_us, position) WHERE position > 2",
        "UPDATE pg_index SET indpred = NULL WHERE indexrelid = 'ledger_event_at'::regclass",
    )
    stage.engine.dispose()
    assert "The index ledger_event_at is damaged: " in only_fault(stage.engine)
    execute(stage.engine, "REINDEX INDEX ledger_event_at")
    assert faults(stage.engine) == []


# Columns, keys, and what acts on a table.

TRIGGER_FUNCTION = (
    "CREATE FUNCTION t() RETURNS trigger LANGUAGE plpgsql AS"
    " 'BEGIN NEW.at_us := 0; RETURN NEW; END'"
)

ACTORS: dict[str, dict[str, tuple[str, ...]]] = {
    "sqlite": {
        "a trigger t": (
            "CREATE TRIGGER t BEFORE INSERT ON ledger_event BEGIN SELECT RAISE(IGNORE); END",
        ),
    },
    "postgresql": {
        "a trigger t": (
            TRIGGER_FUNCTION,
            "CREATE TRIGGER t BEFORE INSERT ON ledger_event FOR EACH ROW EXECUTE FUNCTION t()",
        ),
        "a rule r": ("CREATE RULE r AS ON INSERT TO ledger_event DO INSTEAD NOTHING",),
        "row-level security": ("ALTER TABLE ledger_event ENABLE ROW LEVEL SECURITY",),
        "a table that inherits, more": ("CREATE TABLE more () INHERITS (ledger_event)",),
    },
}


@pytest.mark.parametrize(
    ("backend", "name"), [(backend, name) for backend in ACTORS for name in ACTORS[backend]]
)
def test_what_acts_on_a_table_is_named_and_taken_away_as_it_says(
    stage: Stage, backend: str, name: str
) -> None:
    execute(stage.engine, *ACTORS[backend][name])
    fault = only_fault(stage.engine)
    assert fault.startswith(f"There is {name} on ledger_event, which isn't Watchledger's")
    mended(stage.engine, fault)
    assert faults(stage.engine) == []


@pytest.mark.parametrize("backend", ["postgresql"])
@pytest.mark.parametrize(
    ("changed", "named"),
    [
        (
            'ALTER TABLE ledger_event ALTER item TYPE text COLLATE "POSIX"',
            'ledger_event.item is TEXT COLLATE "POSIX"; it should be TEXT COLLATE "C".',
        ),
        ("ALTER TABLE ledger_event ALTER salt DROP NOT NULL", "ledger_event.salt is BYTEA; it"),
        ("ALTER TABLE ledger_event ALTER at_us TYPE numeric", "ledger_event.at_us is NUMERIC"),
        ("ALTER TABLE ledger_event DROP CONSTRAINT ledger_event_pkey", "The primary key of ledge"),
        ("ALTER TABLE watched DROP CONSTRAINT watched_pkey", "The primary key of watched is ()"),
    ],
)
def test_a_changed_column_or_key_is_named(stage: Stage, changed: str, named: str) -> None:
    execute(stage.engine, changed)
    assert any(named in fault for fault in faults(stage.engine)), faults(stage.engine)


def test_a_column_that_is_none_of_ours_is_named(stage: Stage) -> None:
    execute(stage.engine, "ALTER TABLE ledger_event ADD COLUMN mine INTEGER")
    assert "The column ledger_event.mine is INTEGER; it should be" in only_fault(stage.engine)


def test_a_read_model_that_lacks_its_index_wants_a_rebuild(stage: Stage) -> None:
    execute(stage.engine, "DROP INDEX item_parent")
    fault = only_fault(stage.engine)
    assert fault == (
        "The index item_parent is missing. Run `watchledger migrate` and `watchledger rebuild`."
    )


def test_a_read_model_that_is_missing_is_named(stage: Stage) -> None:
    execute(stage.engine, "DROP TABLE watch_time")
    assert only_fault(stage.engine).startswith("The table watch_time is missing. Run `watchle")


# The head.

HEADS = {
    "none": ("DELETE FROM ledger_head",),
    "a second one": (
        "CREATE TABLE heads AS SELECT * FROM ledger_head UNION ALL SELECT 2, 7, 7, 7",
        "DROP TABLE ledger_head",
        "ALTER TABLE heads RENAME TO ledger_head",
    ),
}


@pytest.mark.parametrize("kind", HEADS)
def test_a_head_that_is_not_one_row_is_named(stage: Stage, kind: str) -> None:
    execute(stage.engine, *HEADS[kind])
    found = faults(stage.engine)
    count = len(HEADS[kind]) - 1
    [fault] = [each for each in found if each.startswith("The ledger's head has ")]
    assert f"has {count} rows; it should have one." in fault
    assert found[-1] == "The events weren't replayed: mend this first."
    mended(stage.engine, fault)
    assert all("ledger_head" in each or "compared" in each for each in faults(stage.engine))


def test_a_head_that_is_elsewhere_is_set_anew_as_it_says(stage: Stage) -> None:
    execute(stage.engine, "UPDATE ledger_head SET position = position + 1")
    fault = only_fault(stage.engine)
    assert fault.startswith("The ledger's head says position ")
    mended(stage.engine, fault)
    assert faults(stage.engine) == []


# What SQLite keeps as it is given.


@pytest.mark.parametrize("backend", ["sqlite"])
@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("originator_id", "x'ff'"),
        ("originator_version", "'one'"),
        ("topic", "x'00'"),
        ("state", "7"),
        ("state", "'{}'"),
        ("recorded_at_us", "'yesterday'"),
        ("at_us", "1.5"),
        ("catalog_version", "x'01'"),
        ("submission_id", "'nobody'"),
        ("submission_id", "x'01'"),
        ("user", "x'61'"),
        ("item", "x'ff'"),
        ("salt", "'salt'"),
        ("digest", "0"),
    ],
)
def test_a_value_of_a_wrong_type_is_named(stage: Stage, column: str, value: str) -> None:
    end = len(stage.log)
    execute(stage.engine, f'UPDATE ledger_event SET "{column}" = {value} WHERE position = {end}')  # noqa: S608
    found = faults(stage.engine)
    assert f"Event {end}: {column} can't be what was recorded" in found[0]
    assert found[1:] == ["The events weren't replayed: mend this first."]


@pytest.mark.parametrize("backend", ["sqlite"])
@pytest.mark.parametrize(
    ("changed", "table"),
    [
        ("UPDATE client_device SET last_connected_at = 'lately'", "client_device"),
        ("UPDATE client_device SET last_connected_at = 7", "client_device"),
        ("UPDATE item SET tags = 'none'", "item"),
    ],
)
def test_a_read_model_that_cannot_be_read_is_named(stage: Stage, changed: str, table: str) -> None:
    execute(stage.engine, changed)
    fault = only_fault(stage.engine)
    assert fault.startswith(f"{table} can't be read: ")
    assert fault.endswith("Run `watchledger rebuild`.")


@pytest.mark.parametrize("backend", ["postgresql"])
def test_a_time_that_no_calendar_has_is_named(stage: Stage) -> None:
    execute(stage.engine, "UPDATE client_device SET last_connected_at = 'infinity'")
    assert only_fault(stage.engine).startswith("client_device can't be read: ")


# Submission ids.


@pytest.mark.parametrize("backend", ["sqlite"])
@pytest.mark.parametrize("spelt", ["upper(submission_id)", "dashed", "upper dashed"])
def test_a_submission_id_in_another_spelling_is_named_and_spelt_right(
    stage: Stage, spelt: str
) -> None:
    end = len(stage.log)
    submission_id = str(stage.log[-1].submission_id)
    value = f"'{submission_id}'" if "dashed" in spelt else spelt
    value = f"upper({value})" if "upper dashed" in spelt else value
    execute(
        stage.engine,
        "UPDATE ledger_event SET submission_id = 'abcdef' || substr(submission_id, 7)"  # noqa: S608
        f" WHERE position = {end}",
    )
    chain_anew(stage.engine)
    value = value.replace(submission_id, f"abcdef{submission_id[6:]}")
    execute(
        stage.engine,
        f"UPDATE ledger_event SET submission_id = {value} WHERE position = {end}",  # noqa: S608
    )
    fault = only_fault(stage.engine)
    assert fault.startswith(f"Event {end}: its submission id is spelt ")
    mended(stage.engine, fault)
    assert faults(stage.engine) == []


@pytest.mark.parametrize("backend", ["sqlite"])
def test_what_was_recorded_twice_in_two_spellings_is_named(stage: Stage) -> None:
    end = len(stage.log)
    submission_id = stage.log[-2].submission_id
    change(stage.engine, end, submission_id=None)
    execute(
        stage.engine,
        f"UPDATE ledger_event SET submission_id = '{submission_id}' WHERE position = {end}",  # noqa: S608
    )
    chain_anew(stage.engine)
    assert f"Submission {submission_id} of cduid:{TV} is recorded 2 times." in faults(stage.engine)
