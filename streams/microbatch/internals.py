"""What of Faust, mode and aiokafka is touched that is not their public interface, and how it looked when it was read.

faust-streaming is pinned; aiokafka and mode are not. `changed` compares the source text of everything listed with its
digest, and a test fails when one differs: then read the new text, see whether what the right-hand column relies on
still holds, and write down the new digest (`python -m streams.microbatch.internals` prints them all).
"""

import hashlib
import inspect
from dataclasses import dataclass
from importlib import import_module
from typing import Any


@dataclass(frozen=True, slots=True)
class Internal:
    """One function or class that we override, replace or call."""

    module: str
    name: str
    digest: str
    relied_on: str

    def source_digest(self) -> str:
        """The first 12 hexadecimal digits of the SHA-256 of its source as installed; empty if it is gone."""
        found: Any = import_module(self.module)
        for part in self.name.split("."):
            found = inspect.getattr_static(found, part, None)
            if found is None:
                return ""
        if isinstance(found, property):
            found = found.fget
        return hashlib.sha256(inspect.getsource(found).encode()).hexdigest()[:12]


CONSUMER = "faust.transport.consumer"
DRIVER = "faust.transport.drivers.aiokafka"
FETCHER = "aiokafka.consumer.fetcher"

INTERNALS: tuple[Internal, ...] = (
    Internal("faust.app.base", "App._new_transport", "42db531312dd", "overridden: our transport"),
    Internal(
        "faust.app.base",
        "App._on_partitions_revoked",
        "d5c895bbe57d",
        "flow stops, queues are cleared, before we return",
    ),
    Internal(
        "faust.app.base",
        "App._on_partitions_assigned",
        "de932b7927db",
        "flow stays stopped until positions are asked for",
    ),
    Internal(
        "faust.app.base", "App._create_directories", "a9f571c3b04a", "makes only the last part of the data folder"
    ),
    Internal("faust.app.base", "App._stop_consumer", "55854a5de12c", "called by on_stop after lanes are closed"),
    Internal(
        "faust.tables.recovery", "Recovery._resume_streams", "d986a6710c1a", "without tables: perform_seek, then flow"
    ),
    Internal(
        "faust.transport.utils",
        "DefaultSchedulingStrategy",
        "93e70bad15f8",
        "subclassed: takes any list for a partition",
    ),
    Internal(
        "faust.serializers.schemas", "Schema.compile", "d46eec5ce319", "loads_key and loads_value get the whole message"
    ),
    Internal(CONSUMER, "Consumer.getmany", "4b168d84882a", "replaced"),
    Internal(
        CONSUMER, "Consumer._wait_next_records", "6218e1969a63", "called; calls _getmany with the active partitions"
    ),
    Internal(CONSUMER, "Consumer._drain_messages", "44a2500309e8", "drops offsets below _read_offset, calls _add_gap"),
    Internal(CONSUMER, "Consumer._add_gap", "4df2573ded7c", "replaced by nothing"),
    Internal(CONSUMER, "Consumer._new_offset", "1d2c7ea89a7a", "replaced: lane positions are committed, not acks"),
    Internal(CONSUMER, "Consumer._filter_tps_with_pending_acks", "f6f923977423", "replaced: partitions with a lane"),
    Internal(CONSUMER, "Consumer._filter_committable_offsets", "dc5e9baf5d99", "asks _new_offset and _should_commit"),
    Internal(CONSUMER, "Consumer._should_commit", "5ce941793947", "commits only what is beyond _committed_offset"),
    Internal(CONSUMER, "Consumer._commit_offsets", "1a6979904118", "leaves out partitions that are not assigned"),
    Internal(CONSUMER, "Consumer.ack", "5fcf41cf4515", "replaced: only forgets the message"),
    Internal(CONSUMER, "Consumer.perform_seek", "0e8c130ff4b0", "replaced: forgets the cursors"),
    Internal(CONSUMER, "Consumer.on_partitions_revoked", "d04b7ae72c6f", "extended; forgets _committed_offset"),
    Internal(CONSUMER, "Consumer.on_partitions_assigned", "29ce96596f05", "extended"),
    Internal(CONSUMER, "ThreadDelegateConsumer._getmany", "f9d47aa9010b", "replaced"),
    Internal(DRIVER, "Consumer._new_consumer_thread", "0870ec53dea7", "replaced: our thread"),
    Internal(DRIVER, "Consumer._to_message", "7c24f6511b2f", "replaced: a message is a batch"),
    Internal(DRIVER, "Transport", "966a67907f33", "subclassed: takes its class Consumer"),
    Internal(
        DRIVER, "ConsumerRebalanceListener", "f3d04f29dfb3", "sets consumer_generation_id before on_partitions_assigned"
    ),
    Internal(DRIVER, "AIOKafkaConsumerThread.on_start", "38b4e8bd1e10", "extended: wraps the coordinator"),
    Internal(
        DRIVER,
        "AIOKafkaConsumerThread._create_worker_consumer",
        "c2701bfc3e6f",
        "extended: isolation level, fetch wait",
    ),
    Internal(DRIVER, "AIOKafkaConsumerThread._fetch_records", "39a2c6c79fc1", "replaced by chunks with their coverage"),
    Internal(DRIVER, "AIOKafkaConsumerThread._commit", "932852ce7a23", "replaced: a failure does not end the worker"),
    Internal(DRIVER, "AIOKafkaConsumerThread._ensure_consumer", "ff4a4c693b7e", "called"),
    Internal("mode.threads", "QueueServiceThread.call_thread", "479edda75b54", "runs in the consumer's loop"),
    Internal("mode.worker", "Worker._on_sigterm", "6b99528ef557", "extended: the deadline"),
    Internal("faust.worker", "Worker._on_sigint", "327193230c65", "extended: the deadline"),
    Internal("mode.services", "Service._crash", "7bc0c709a151", "extended: the deadline"),
    Internal(
        "aiokafka.consumer.consumer",
        "AIOKafkaConsumer.start",
        "2f1ba7044332",
        "reads _isolation_level, _fetch_max_wait_ms",
    ),
    Internal(
        FETCHER, "Fetcher.fetched_records", "be4348896b9b", "with timeout 0 takes records without waiting for any"
    ),
    Internal(FETCHER, "Fetcher._create_fetch_waiter", "61d840568746", "wakes when a fetch comes in"),
    Internal(FETCHER, "Fetcher.seek_to", "f0ba6aba6c22", "drops what was fetched and not taken"),
    Internal(FETCHER, "FetchResult", "d7db13f06de8", "moves the position over what is not visible, too"),
    Internal(FETCHER, "Fetcher._notify", "d3a30d94f34f", "called: room for the next fetch"),
    Internal(
        FETCHER,
        "Fetcher._get_actions_per_node",
        "1dab2cf937d1",
        "fetches what is not in _records; sets _wait_consume_future",
    ),
    Internal(
        FETCHER, "Fetcher._proc_fetch_request", "59bf948fff47", "sets lso and timestamp of a partition at every answer"
    ),
    Internal(
        FETCHER,
        "PartitionRecords.__init__",
        "8ec1c2ae6ea1",
        "_records, _aborted_transactions and next_fetch_offset, unpacked lazily",
    ),
    Internal(FETCHER, "PartitionRecords._unpack_records", "b803e6d46480", "skips control batches and aborted records"),
    Internal(
        "aiokafka.consumer.subscription_state", "TopicPartitionState", "2b83334afadf", "position, has_valid_position"
    ),
    Internal("aiokafka.consumer.subscription_state", "Assignment.state_value", "183fea82ef48", "called"),
    Internal(
        "aiokafka.consumer.group_coordinator",
        "GroupCoordinator._do_heartbeat",
        "dc1d6632aaa6",
        "wrapped: True is an answer",
    ),
    Internal(
        "aiokafka.consumer.group_coordinator",
        "GroupCoordinator._do_rejoin_group",
        "3cb016c98a08",
        "wrapped: a join is under way",
    ),
    Internal(
        "aiokafka.consumer.group_coordinator",
        "GroupCoordinator._do_commit_offsets",
        "c3a3ea5613f3",
        "wrapped: not while joining; forgets the member at a refusal, whatever generation was refused",
    ),
    Internal(
        "aiokafka.consumer.group_coordinator",
        "GroupCoordinator.commit_offsets",
        "5cbe31af28d6",
        "makes CommitFailedError of RebalanceInProgressError",
    ),
    Internal("aiokafka.client", "AIOKafkaClient._wait_on_metadata", "52b0a5ee78ef", "called: as the producer does"),
    Internal("aiokafka.partitioner", "murmur2", "62179ca18494", "as every client's default partitioner"),
)


def changed() -> list[str]:
    """The names of what is not as it was read; `name: digest as installed`."""
    installed = ((internal, internal.source_digest()) for internal in INTERNALS)
    return [f"{i.module}.{i.name}: {digest or 'gone'}" for i, digest in installed if digest != i.digest]


if __name__ == "__main__":
    for each in INTERNALS:
        print(each.source_digest(), f"{each.module}.{each.name}")  # noqa: T201  # a developer's tool
