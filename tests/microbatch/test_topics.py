"""The catalogue against what a cluster has."""

from dataclasses import replace

from schemas.settings import Settings
from schemas.topics import Topic
from streams.faust_app import CHANGELOG
from streams.kafka_topics import Found, Kind, compare, wanted

SETTINGS = Settings(kafka_partitions=6, kafka_replication=3)
TOPICS = {topic.name: topic for topic in wanted(SETTINGS)}
FINE = {name: Found(topic.partitions, topic.configs) for name, topic in TOPICS.items()}


def test_keyed_topics_and_the_changelog_have_as_many_partitions_as_the_log() -> None:
    assert TOPICS[Topic.LOG].partitions == TOPICS[CHANGELOG].partitions == TOPICS[Topic.ORDERS].partitions == 6
    assert TOPICS[Topic.DEAD_LETTERS].partitions == 1


def test_what_must_not_be_lost_is_kept_and_replicated() -> None:
    log, changelog, letters = TOPICS[Topic.LOG].configs, TOPICS[CHANGELOG].configs, TOPICS[Topic.DEAD_LETTERS].configs
    assert (log["cleanup.policy"], log["retention.ms"], log["max.message.bytes"]) == ("delete", "-1", "3145728")
    assert changelog["cleanup.policy"] == "compact"
    assert int(letters["max.message.bytes"]) > int(log["max.message.bytes"]), "a letter holds a message and its place"
    assert {topic.configs["min.insync.replicas"] for topic in TOPICS.values()} == {"2"}
    assert "min.insync.replicas" not in wanted(replace_replication(1))[0].configs


def replace_replication(copies: int) -> Settings:
    return SETTINGS.model_copy(update={"kafka_replication": copies})


def test_nothing_differs_where_all_is_as_wanted() -> None:
    assert compare(TOPICS.values(), FINE) == []


def test_each_difference_says_what_to_do_and_whether_a_worker_may_run() -> None:
    log = FINE[Topic.LOG]
    found = {
        **{name: topic for name, topic in FINE.items() if name != Topic.NEEDS},
        Topic.LOG: replace(log, partitions=3, configs={**log.configs, "retention.ms": "604800000"}),
    }
    differences = {(each.topic, each.kind): each for each in compare(TOPICS.values(), found)}
    assert set(differences) == {
        (Topic.LOG, Kind.PARTITIONS),
        (Topic.LOG, Kind.CONFIG),
        (Topic.NEEDS, Kind.MISSING),
    }
    assert differences[Topic.NEEDS, Kind.MISSING].mend == "ringahead topics apply"
    assert "RINGAHEAD_KAFKA_PARTITIONS=3" in differences[Topic.LOG, Kind.PARTITIONS].mend
    assert "retention.ms=-1" in differences[Topic.LOG, Kind.CONFIG].mend
    assert [each.stops for each in differences.values()] == [True, False, True]
