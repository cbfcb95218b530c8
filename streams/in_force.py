"""Which model and which profiles decide, and that only readable ones ever do."""

import logging

from forecasting.artefact import loads as load_population
from forecasting.model import Population
from outreach.calendar import Term, in_force_at, still_to_come
from outreach.profiles import ProfileSet
from outreach.profiles import loads as load_profiles
from schemas.envelope import Event
from schemas.errors import ArtefactRefused, BadEvent, DeadLetterReason
from schemas.events.ours import ModelPublished, ProfilesChanged
from streams.artefacts import ArtefactSource
from streams.core.broadcast import publish_profiles
from streams.core.context import Context
from streams.state import Partition, moment

log = logging.getLogger(__name__)


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
        """Have in the context what its partition says is in force, which profiles' dates may have changed."""
        partition = context.partition
        self._choose_profiles(partition)
        if partition.model_digest is not None:
            context.model = self._readable_model(partition.model_digest)
        if partition.profiles_digest is not None:
            context.profiles = self._readable_profiles(partition.profiles_digest)
        named = {partition.model_digest, partition.profiles_digest, *(digest for _, digest in partition.calendar)}
        self._models = {digest: one for digest, one in self._models.items() if digest in named}
        self._profiles = {digest: one for digest, one in self._profiles.items() if digest in named}

    def _choose_profiles(self, partition: Partition) -> None:
        """Of the profiles whose dates hold the business time, those that were published last are in force.

        Where no dates hold it, those that began last stay. Others have every account judged anew. A set that this
        release refuses is not chosen, but stays in the calendar; one that is in force gives way to a later one only.
        """
        if partition.pending_digest is not None and partition.pending_version is not None:
            publish_profiles(partition, partition.pending_version, partition.pending_digest)
        if partition.as_of is None or not partition.calendar:
            return
        at = moment(partition.as_of)
        read = {digest: self._readable_profiles(digest) for _, digest in partition.calendar}
        terms = [Term(version, digest, found) for version, digest in partition.calendar if (found := read[digest])]
        chosen = in_force_at(terms, at)
        kept = {term.digest for term in still_to_come(terms, at)}
        partition.calendar = [one for one in partition.calendar if one[1] in kept or read[one[1]] is None]
        order, present = [*read], partition.profiles_digest
        if chosen is None or (
            present in read and read[present] is None and chosen.digest in order[: order.index(present)]
        ):
            return
        if chosen.digest != present:
            partition.profiles_version, partition.profiles_digest = chosen.version, chosen.digest
            partition.decided_once = False

    def _readable_model(self, digest: str) -> Population | None:
        """None where this release cannot read the model of the one before: nothing is decided until the next comes."""
        try:
            return self._model(digest)
        except ArtefactRefused as error:
            log.warning("nothing is decided until a model is published: %s", error)
            return None

    def _readable_profiles(self, digest: str) -> ProfileSet | None:
        """None where this release refuses the set: while it is in force nothing is decided."""
        try:
            return self._profile_set(digest)
        except ArtefactRefused as error:
            log.warning("profiles that this release refuses decide nothing, publish others: %s", error)
            return None

    def _model(self, digest: str) -> Population:
        if digest not in self._models:
            self._models[digest] = load_population(self.source.read(digest))
        return self._models[digest]

    def _profile_set(self, digest: str) -> ProfileSet:
        if digest not in self._profiles:
            self._profiles[digest] = load_profiles(self.source.read(digest))
        return self._profiles[digest]
