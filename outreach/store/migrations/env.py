"""Alembic's entry: runs the migrations on the connection that `outreach.store.migrate` passes in."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

from outreach.store.log_schema import metadata
from outreach.store.types import UtcMoment, Word, Words


def _render(kind: str, item: Any, autogen: AutogenContext) -> str | Literal[False]:
    """How our column types are written into a new migration file."""
    if kind == "type" and isinstance(item, UtcMoment):
        autogen.imports.add("from outreach.store.types import UtcMoment")
        return "UtcMoment()"
    if kind == "type" and isinstance(item, Word | Words):
        return "sa.Text()"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_item=_render,
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
