"""The two processors of a worker: ingest (public topics -> log of record) and fold (log of record -> effects)."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from schemas.dead_letters import DeadLetter
from schemas.envelope import Event
from schemas.needs import AccountEffect, Effect, encode_effect
from schemas.topics import Topic
from streams.artefacts import ArtefactSource
from streams.core.context import Installation
from streams.ingest import IngestRules, LogEntry, entry_of, ingest
from streams.microbatch.delivery import key_hash
from streams.microbatch.ports import Outcome, Output, PartitionStore, ProcessorFactory, Record
from streams.processor import LogFolder
from streams.telemetry.context import Trace, carried


class Ingest:
    """Public topics in, log of record and dead letters out. Keeps nothing."""

    def __init__(self, rules: IngestRules, partitions: int, trace: Trace = carried) -> None:
        self._rules = rules
        self._trace = trace
        self._partitions = partitions

    def process(self, records: Sequence[Record]) -> list[Output]:
        """One output a record; a broadcast event goes to every partition of the log."""
        return [output for record in records for output in self._outputs(ingest(record, self._rules, self._trace))]

    def _outputs(self, result: LogEntry | DeadLetter) -> Iterable[Output]:
        if isinstance(result, DeadLetter):
            return (letter_output(result),)
        return entry_outputs(result, self._partitions)


class Fold:
    """One partition of the log of record; effects stay in the partition of the same number."""

    def __init__(self, number: int, folder: LogFolder, counts: Counter[str]) -> None:
        self._number = number
        self._folder = folder
        self._counts = counts

    def process(self, records: Sequence[Record]) -> Outcome:
        """Fold, and say what must be delivered before the state may be written."""
        folded = self._folder.fold(records)
        self._counts.update(folded.counts)
        outputs = [self._effect(effect) for effect in folded.effects]
        outputs += [letter_output(letter) for letter in folded.letters]
        outputs += [self._own(event) for event in folded.recorded]
        return Outcome(outputs, folded.writes)

    def _own(self, event: Event) -> Output:
        """What the fold says of an account goes to the account's partition, of no account to its own."""
        entry = entry_of(event)
        return Output(Topic.LOG.value, entry.key, entry.value, self._number if entry.broadcast else None)

    def _effect(self, effect: Effect) -> Output:
        key = effect.account_id if isinstance(effect, AccountEffect) else "*"
        return Output(Topic.NEEDS.value, key.encode(), encode_effect(effect), self._number)


def fold_factory(
    installation: Installation,
    artefacts: ArtefactSource,
    counts: Counter[str] | None = None,
    may_fold: Callable[[], None] = lambda: None,
    trace: Trace = carried,
) -> ProcessorFactory:
    """Builds the fold of a partition from its recovered store. ``counts``: of all partitions, for metrics; what is
    folded again after a failure counts again. ``may_fold`` is asked first, and raises where the state is not in force.
    """
    counted = Counter[str]() if counts is None else counts

    def build(number: int, store: PartitionStore) -> Fold:
        may_fold()
        folder = LogFolder(number, store, installation, artefacts)
        folder.trace = trace
        return Fold(number, folder, counted)

    return build


def letter_output(letter: DeadLetter) -> Output:
    """A dead letter as a record."""
    return Output(Topic.DEAD_LETTERS.value, letter.source.encode(), letter.model_dump_json().encode())


def event_outputs(event: Event, partitions: int) -> list[Output]:
    """An event of our own as records of the log."""
    return entry_outputs(entry_of(event), partitions)


def entry_outputs(entry: LogEntry, partitions: int) -> list[Output]:
    """A log entry as records: one, in its account's partition, or one in each; of those that were agreed upon, however
    many there are now.
    """
    numbers: Iterable[int] = range(partitions) if entry.broadcast else (key_hash(entry.key) % partitions,)
    return [Output(Topic.LOG.value, entry.key, entry.value, number) for number in numbers]
