"""Tables of the console's own: links that customers follow, answers that are given again."""

from sqlalchemy import Column, Integer, LargeBinary, Table, Text

from outreach.store.calling_schema import metadata
from outreach.store.types import UtcMoment

__all__ = ["account_links", "kept_answers", "metadata"]

account_links = Table(
    "account_links",
    metadata,
    Column("link_id", Text, primary_key=True),
    Column("account_id", Text, nullable=False, index=True),
    Column("created_at", UtcMoment, nullable=False),
    Column("expires_at", UtcMoment, nullable=False),
    Column("revoked_at", UtcMoment),
)

kept_answers = Table(
    "kept_answers",
    metadata,
    Column("key", Text, primary_key=True),
    Column("fingerprint", Text, nullable=False),
    Column("created_at", UtcMoment, nullable=False, index=True),
    Column("status", Integer, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
)
