"""The append-only, totally ordered log of all events, on SQLite and PostgreSQL."""
