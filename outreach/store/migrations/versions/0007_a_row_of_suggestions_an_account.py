"""Suggestions are one row an account; a drawn objective is marked; what went by an artefact's name is remembered.

Lists are carried over, as an installation would else suggest nothing until it learns again.
"""

from itertools import groupby
from typing import Any

import msgspec
import sqlalchemy as sa
from alembic import op

from outreach.store.types import UtcMoment

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

FORMAT, ACCOUNTS_AT_ONCE, MAGIC = 1, 1_000, b"RHSIM"
_PLACES = ("efficiency", "variety", "innovation")
_FIGURES = ("buyers", "neighbours", "base_rate")
_LISTED = ("rank", "sku", "name", "sentence", *_PLACES, "is_new", "probability", *_FIGURES)


def upgrade() -> None:
    """To this version."""
    op.create_table(
        "suggestion_lists",
        sa.Column("account_id", sa.Text, primary_key=True),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("as_of", UtcMoment),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "artefact_history",
        *(sa.Column(name, sa.Text, primary_key=True) for name in ("name", "digest")),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("at", UtcMoment, nullable=False),
    )
    drawn: sa.Column[bool] = sa.Column(
        "drawn", sa.Boolean(create_constraint=False), nullable=False, server_default=sa.false()
    )
    op.add_column("suggestion_showings", drawn)
    _carry_lists_over(op.get_bind())
    _remember_artefacts(op.get_bind())
    op.drop_table("suggestions")


def downgrade() -> None:
    """Back to the version before. Lists are empty until the next `ringahead learn`."""
    op.create_table("suggestions", *_rows_before())
    op.drop_column("suggestion_showings", "drawn")
    op.drop_table("artefact_history")
    op.drop_table("suggestion_lists")


def _carry_lists_over(connection: sa.Connection) -> None:
    """A few accounts at a time: there may be a million of them."""
    old = sa.Table("suggestions", sa.MetaData(), *_rows_before())
    words: list[Any] = [sa.column("account_id"), sa.column("version")]
    new = sa.table("suggestion_lists", *words, sa.column("as_of", UtcMoment), sa.column("body", sa.LargeBinary))
    last = ""
    while True:
        ids = sa.select(old.c.account_id).distinct().where(old.c.account_id > last).order_by(old.c.account_id)
        accounts = list(connection.scalars(ids.limit(ACCOUNTS_AT_ONCE)))
        if not accounts:
            return
        theirs = old.c.account_id.between(accounts[0], accounts[-1])
        found = connection.execute(sa.select(old).where(theirs).order_by(old.c.account_id, old.c.rank)).mappings()
        rows = [_list_of(list(some)) for _, some in groupby(found, lambda row: row["account_id"])]
        connection.execute(sa.insert(new), rows)
        last = accounts[-1]


def _list_of(some: list[Any]) -> dict[str, Any]:
    body = msgspec.msgpack.encode([[row[name] for name in _LISTED] for row in some])
    first = some[0]
    return {
        "account_id": first["account_id"],
        "version": first["version"],
        "as_of": first["as_of"],
        "body": bytes([FORMAT]) + body,
    }


def _remember_artefacts(connection: sa.Connection) -> None:
    """What is in force, and recommenders that no name leads to any more: they can be told by their first bytes."""
    names, history = (_names(table) for table in ("artefact_names", "artefact_history"))
    blobs = sa.table("artefacts", sa.column("digest"), sa.column("raw", sa.LargeBinary))
    present = sa.select(names.c.name, names.c.digest, names.c.version, names.c.at)
    connection.execute(history.insert().from_select(["name", "digest", "version", "at"], present))
    begun = connection.scalar(sa.select(names.c.at).where(names.c.name == "suggestions"))
    current = sa.select(names.c.digest).where(names.c.name == "suggestions").scalar_subquery()
    if begun is None:
        return
    orphans = sa.select(blobs.c.digest).where(sa.func.substr(blobs.c.raw, 1, len(MAGIC)) == MAGIC)
    rows = [
        {"name": "suggestions", "digest": digest, "version": "", "at": begun}
        for digest in connection.scalars(orphans.where(blobs.c.digest != current))
    ]
    if rows:
        connection.execute(sa.insert(history), rows)


def _names(table: str) -> sa.TableClause:
    words: list[Any] = [sa.column(name) for name in ("name", "digest", "version")]
    return sa.table(table, *words, sa.column("at", UtcMoment))


def _rows_before() -> tuple[Any, ...]:
    """The table as it was until here: a snapshot."""
    return (
        sa.Column("account_id", sa.Text, nullable=False),
        sa.Column("rank", sa.Integer, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("sku", "name", "sentence", "version")),
        *(
            sa.Column(name, sa.Integer, nullable=False, server_default="0")
            for name in ("efficiency", "variety", "innovation")
        ),
        sa.Column("is_new", sa.Boolean(create_constraint=False), nullable=False, server_default=sa.false()),
        sa.Column("probability", sa.Float),
        *(sa.Column(name, sa.Integer) for name in ("buyers", "neighbours")),
        sa.Column("base_rate", sa.Float),
        sa.Column("as_of", UtcMoment),
        sa.PrimaryKeyConstraint("account_id", "rank"),
    )
