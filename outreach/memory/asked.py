"""In-memory repositories of products and of orders that the ERP was asked to book."""

from collections.abc import Iterable

from outreach.memory.tables import MemoryTable
from outreach.records import AskedOrder, ProductCard


class MemoryProducts(MemoryTable[str, ProductCard]):
    """See `outreach.ports.Products`."""

    def put(self, rows: Iterable[ProductCard]) -> None:
        """The newest word stays."""
        for row in rows:
            known = self.get(row.sku)
            if known is None or known.as_of <= row.as_of:
                self.set(row.sku, row)

    def of_groups(self, groups: Iterable[str]) -> list[ProductCard]:
        """In order of their numbers."""
        wanted = set(groups)
        return sorted(self.where(lambda row: row.group in wanted), key=lambda row: row.sku)


class MemoryAskedOrders(MemoryTable[str, AskedOrder]):
    """See `outreach.ports.AskedOrders`."""

    def of_task(self, task_id: str) -> list[AskedOrder]:
        """Newest first."""
        return _newest(self.where(lambda row: row.task_id == task_id))

    def of_account(self, account_id: str, limit: int = 50) -> list[AskedOrder]:
        """Newest first."""
        return _newest(self.where(lambda row: row.account_id == account_id))[:limit]


def _newest(rows: list[AskedOrder]) -> list[AskedOrder]:
    return sorted(sorted(rows, key=lambda row: row.command_id), key=lambda row: row.asked_at, reverse=True)
