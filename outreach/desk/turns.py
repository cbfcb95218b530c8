"""Who keeps data of accounts takes turns with who erases them: nothing is kept behind an erasure."""

from collections.abc import Sequence

from outreach.ports import Transaction
from outreach.records import Suggestion

ACCOUNT_LOG = "account-log"
CONTACTS = "contacts"
SUGGESTIONS = "suggestions"
KEPT = (ACCOUNT_LOG, CONTACTS, SUGGESTIONS)


def put_suggestions(tx: Transaction, account_ids: Sequence[str], rows: Sequence[Suggestion]) -> int:
    """These are now all suggestions to these accounts, and none to those that are erased; how many are kept."""
    tx.take_turns([SUGGESTIONS])
    erased = {one.account_id for one in tx.erasures.many(account_ids)}
    kept = [row for row in rows if row.account_id not in erased] if erased else rows
    tx.suggestions.replace(account_ids, kept)
    return len(kept)
