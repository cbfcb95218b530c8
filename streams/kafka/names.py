"""Names in Kafka that are not topics of the catalogue."""

from schemas.topics import Topic
from streams.microbatch.naming import changelog_topic

GROUP = "ringahead-worker"
"""The workers' consumer group."""
CHANGELOG = changelog_topic(GROUP, Topic.LOG)
"""The changelog of account state, as long as no other generation was switched to."""


def changelog_of(generation: int) -> str:
    """The changelog of a generation of account state."""
    return CHANGELOG if generation == 1 else changelog_topic(f"{GROUP}-g{generation}", Topic.LOG)
