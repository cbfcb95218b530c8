"""Names in Kafka that are not topics of the catalogue."""

from schemas.topics import Topic
from streams.microbatch.naming import changelog_topic

GROUP = "ringahead-worker"
"""The workers' consumer group."""
CHANGELOG = changelog_topic(GROUP, Topic.LOG)
"""The changelog of account state."""
