"""Published artefacts by digest, as the fold reads them."""

from typing import Protocol

from schemas.errors import Unavailable


class ArtefactSource(Protocol):
    """Where published models and profiles lie."""

    def read(self, digest: str) -> bytes:
        """The artefact's bytes; raises schemas.errors.Unavailable while it cannot be had."""
        ...


class ArtefactsInMemory:
    """The same without a database."""

    def __init__(self) -> None:
        self._by_digest: dict[str, bytes] = {}

    def put(self, digest: str, raw: bytes) -> None:
        """Store an artefact."""
        self._by_digest[digest] = raw

    def read(self, digest: str) -> bytes:
        """The artefact's bytes; raises Unavailable when nobody put it here."""
        if digest not in self._by_digest:
            raise Unavailable(f"artefact {digest[:12]} is not stored here")
        return self._by_digest[digest]
