"""SQL repositories of queues, registers, erasures, products and orders asked of the ERP."""

from collections.abc import Iterable

from sqlalchemy import Connection, delete, select

from outreach.records import AskedOrder, Erasure, ProductCard, Queue, RegisterCopy
from outreach.store import calling_schema as schema
from outreach.store.tables import SqlTable, chunks, upsert


class SqlQueues(SqlTable[Queue]):
    """See `outreach.ports.Queues`."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection, schema.queues, Queue)

    def all(self) -> list[Queue]:
        """In order of place and id."""
        return self.all_of(self.query().order_by(self.table.c.place, self.key))

    def remove(self, queue_id: str) -> None:
        """Delete it."""
        self.run(delete(self.table).where(self.key == queue_id))


class SqlErasures(SqlTable[Erasure]):
    """See `outreach.ports.Erasures`."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection, schema.erasures, Erasure)


class SqlRegisters(SqlTable[RegisterCopy]):
    """See `outreach.ports.Registers`."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection, schema.registers, RegisterCopy)
        self._numbers = schema.register_numbers

    def copies(self) -> list[RegisterCopy]:
        """By name."""
        return self.all_of(self.query().order_by(self.key))

    def add_numbers(self, register: str, generation: str, numbers: Iterable[str]) -> None:
        """Of a copy that is being loaded."""
        statement = upsert(self._numbers, self.connection.dialect.name, replaced=False)
        for chunk in chunks(numbers):
            rows = [{"number": number, "register": register, "generation": generation} for number in chunk]
            self.connection.execute(statement, rows)

    def put_in_force(self, copy: RegisterCopy) -> None:
        """This generation counts, and the numbers of others are deleted."""
        self.put([copy])
        old = self._numbers.c
        self.run(delete(self._numbers).where(old.register == copy.register, old.generation != copy.generation))

    def listed(self, numbers: Iterable[str]) -> set[tuple[str, str]]:
        """(number, register)."""
        row, copy = self._numbers.c, self.table.c
        both = (row.register == copy.register) & (row.generation == copy.generation)
        found: set[tuple[str, str]] = set()
        for chunk in chunks(numbers):
            query = select(row.number, row.register).join(self.table, both).where(row.number.in_(chunk))
            found.update((number, register) for number, register in self.connection.execute(query))
        return found


class SqlProducts(SqlTable[ProductCard]):
    """See `outreach.ports.Products`."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection, schema.products, ProductCard)

    def put(self, rows: Iterable[ProductCard]) -> None:
        """The newest word stays."""
        newest = {row.sku: row for row in sorted(rows, key=lambda row: row.as_of)}
        known = {row.sku: row.as_of for row in self.many(newest)}
        super().put(row for sku, row in newest.items() if sku not in known or known[sku] <= row.as_of)

    def of_groups(self, groups: Iterable[str]) -> list[ProductCard]:
        """In order of their numbers."""
        group = self.table.c.group
        found = [row for chunk in chunks(groups) for row in self.all_of(self.query().where(group.in_(chunk)))]
        return sorted(found, key=lambda row: row.sku)


class SqlAskedOrders(SqlTable[AskedOrder]):
    """See `outreach.ports.AskedOrders`."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection, schema.asked_orders, AskedOrder)

    def of_task(self, task_id: str) -> list[AskedOrder]:
        """Newest first."""
        query = self.query().where(self.table.c.task_id == task_id)
        return self.all_of(query.order_by(self.table.c.asked_at.desc(), self.key))

    def of_account(self, account_id: str, limit: int = 50) -> list[AskedOrder]:
        """Newest first."""
        query = self.query().where(self.table.c.account_id == account_id)
        return self.all_of(query.order_by(self.table.c.asked_at.desc(), self.key).limit(limit))
