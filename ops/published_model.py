"""The published model as it lies in an installation's database, read beside whatever is running."""

from pathlib import Path

from forecasting.artefact import PopulationModel, loads
from forecasting.card import card
from outreach.store.sql import store_for
from schemas.errors import Corrupt, NotFound
from schemas.settings import Settings


def card_in_force(settings: Settings) -> str:
    """The card of the model that was published last. Raises NotFound where none was."""
    return card(read_model(settings))


def read_model(settings: Settings, digest: str | None = None) -> PopulationModel:
    """A stored model: by the beginning of its digest, or the one that was published last.

    Raises NotFound where there is none, ArtefactRefused or Corrupt where it is not what was written.
    """
    embedded = settings.runtime != "kafka"
    if embedded and not Path(settings.sqlite_path).is_file():
        raise NotFound("no_model", f"{settings.sqlite_path} does not exist yet; `ringahead demo` or `import` makes it")
    store = store_for(f"sqlite:///{settings.sqlite_path}" if embedded else settings.sqlalchemy_url)
    try:
        with store.read() as tx:
            current = tx.artefacts.current("models")
            wanted = digest or (None if current is None else current[1])
            if wanted is None:
                raise NotFound("no_model", "no model was published yet; `ringahead learn` does it")
            raw = tx.artefacts.get(wanted)
    finally:
        store.close()
    if raw is None:
        if digest is not None:
            raise NotFound("no_model", f"no artefact has the digest {digest}")
        raise Corrupt(f"the model in force, {wanted[:16]}, is gone from the database; restore it, or learn a new one")
    return loads(raw, wanted)
