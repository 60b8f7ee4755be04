"""What Alembic runs to apply the steps: on the connection that `migrate` hands over."""

from alembic import context

from infrastructure.database.migrations import VERSION_TABLE

context.configure(
    connection=context.config.attributes["connection"],
    version_table=VERSION_TABLE,
)
context.run_migrations()
