"""The table of the log by account, and the metadata of all tables."""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, Table, Text

from outreach.store.web_schema import metadata

__all__ = ["account_log", "metadata"]

account_log = Table(
    "account_log",
    metadata,
    Column("partition", Integer, primary_key=True, autoincrement=False),
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("account_id", Text, nullable=False),
    Column("recorded_ms", BigInteger, nullable=False),
    Column("value", LargeBinary, nullable=False),
    Index("account_log_of_account", "account_id", "partition", "position"),
)
"""Where a record lies in the log of record is its name: what is read again is known."""
