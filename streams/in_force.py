"""Which model and which profiles decide, and that only readable ones ever do."""

from forecasting.artefact import loads as load_population
from forecasting.model import Population
from outreach.profiles import ProfileSet
from outreach.profiles import loads as load_profiles
from schemas.envelope import Event
from schemas.errors import ArtefactRefused, BadEvent, DeadLetterReason
from schemas.events.ours import ModelPublished, ProfilesChanged
from streams.artefacts import ArtefactSource
from streams.core.context import Context
from streams.state import Partition, seconds


class InForce:
    """Reads published artefacts, and keeps those in memory that the partition's state names."""

    def __init__(self, source: ArtefactSource) -> None:
        self.source = source
        self._models: dict[str, Population] = {}
        self._profiles: dict[str, ProfileSet] = {}

    def check(self, event: Event) -> None:
        """Raise BadEvent where the event names an artefact that is refused: the one in force stays.

        Raises Unavailable while it cannot be had.
        """
        try:
            match event.fact:
                case ModelPublished(digest=digest):
                    self._model(digest)
                case ProfilesChanged(digest=digest):
                    self._profile_set(digest)
                case _:
                    pass
        except ArtefactRefused as error:
            raise BadEvent(DeadLetterReason.BAD_DATA, f"data.digest: {error}; the one in force stays") from error

    def put_into(self, context: Context) -> None:
        """Have in the context what its partition says is in force; pending profiles begin when their day has come."""
        partition = context.partition
        self._begin_pending(partition)
        if partition.model_digest is not None:
            context.model = self._model(partition.model_digest)
        if partition.profiles_digest is not None:
            context.profiles = self._profile_set(partition.profiles_digest)
        named = {partition.model_digest, partition.profiles_digest, partition.pending_digest}
        self._models = {digest: one for digest, one in self._models.items() if digest in named}
        self._profiles = {digest: one for digest, one in self._profiles.items() if digest in named}

    def _begin_pending(self, partition: Partition) -> None:
        digest = partition.pending_digest
        if digest is None or partition.as_of is None:
            return
        if seconds(self._profile_set(digest).effective_from) <= partition.as_of:
            partition.profiles_version, partition.profiles_digest = partition.pending_version, digest
            partition.pending_version = partition.pending_digest = None
            partition.decided_once = False

    def _model(self, digest: str) -> Population:
        if digest not in self._models:
            self._models[digest] = load_population(self.source.read(digest))
        return self._models[digest]

    def _profile_set(self, digest: str) -> ProfileSet:
        if digest not in self._profiles:
            self._profiles[digest] = load_profiles(self.source.read(digest))
        return self._profiles[digest]
