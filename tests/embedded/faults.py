"""A desk that fails when it is told to, and an installation around it."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ops.embedded.installation import Opened, installation_of, opened
from outreach.desk import Applied, Desk, rules_from
from outreach.ports import Transaction
from schemas.needs import Effect
from schemas.settings import Settings
from streams.embedded.runtime import Embedded
from tests.embedded.made import put_artefacts


class FailingDesk(Desk):
    """Applies effects, and then raises the next of ``errors``."""

    errors: list[Exception]

    def apply_effects(self, tx: Transaction, batch: Iterable[Effect]) -> Applied:
        """As the desk does; an error comes after everything was written."""
        applied = super().apply_effects(tx, batch)
        if self.errors:
            raise self.errors.pop(0)
        return applied


@contextmanager
def failing(folder: Path, *errors: Exception, batch_records: int = 500) -> Iterator[Opened]:
    """An installation whose desk raises these errors, one a batch, and then works."""
    settings = Settings(data_dir=folder)
    with opened(settings) as whole:
        desk = FailingDesk(rules_from(settings))
        desk.errors = list(errors)
        runtime = Embedded(whole.store, desk, installation_of(settings), batch_records=batch_records)
        put_artefacts(whole)
        yield Opened(settings, whole.store, desk, runtime)
