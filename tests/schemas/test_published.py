"""The committed contract is what the models say, and keeps what every release promised."""

import hashlib
import json
import tomllib
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from ops import published
from schemas.events import CATALOGUE, TYPE_OF, orders
from schemas.publishing import VERSION, documents, published_schemas
from schemas.topics import CATALOGUE as TOPICS
from schemas.topics import Topic

ROOT = Path(__file__).resolve().parents[2]
DIGESTS = Path(__file__).with_name("released.sha256")


def test_committed_files_are_what_the_models_say() -> None:
    assert published.outdated() == []


def test_every_type_of_the_catalogue_is_published_under_its_dataschema() -> None:
    for name in CATALOGUE:
        assert documents()[f"events/{name}.json"]["$id"] == f"urn:ringahead:schema:{name}"


@pytest.mark.parametrize("one", published_schemas(), ids=lambda one: one.path)
def test_published_schemas_are_schemas(one: Any) -> None:
    Draft202012Validator.check_schema(one.schema)


def test_ids_are_distinct() -> None:
    ids = [one.schema["$id"] for one in published_schemas()]
    assert len(ids) == len(set(ids))


def test_the_contract_has_the_version_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["version"] == VERSION


class TestReleases:
    """A frozen contract cannot be changed, and cannot be broken by regenerating."""

    def test_there_is_one(self) -> None:
        assert published.released()

    def test_the_present_contract_keeps_what_each_promised(self) -> None:
        for version, old in published.released().items():
            assert list(published.broken_promises(old)) == [], f"breaks release {version}"

    def test_frozen_files_are_what_was_frozen(self) -> None:
        told = dict(line.split()[::-1] for line in DIGESTS.read_text().splitlines())
        there = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in published.RELEASED.glob("*.json")}
        assert there == told, "a released contract never changes; see schemas/published/README.md"

    def test_freezing_again_is_refused(self) -> None:
        frozen = next(iter(published.released()))
        result = CliRunner().invoke(published.cli, ["release", frozen])
        assert result.exit_code == 1
        assert "frozen" in result.output

    @pytest.mark.parametrize("path", ["events/ringahead.OrderPlaced.v1.json", "needs/open_need.json"])
    def test_a_property_taken_away_is_told_although_everything_was_regenerated(self, path: str) -> None:
        present = {one.path: one for one in published_schemas()}
        changed = deepcopy(present[path].schema)
        gone, _ = changed["properties"].popitem()
        old = {one.path: one.schema for one in published_schemas()}
        told = list(published.broken_promises(old, {**present, path: replace(present[path], schema=changed)}))
        assert f"{path}: {gone}: the property is gone" in told

    def test_a_type_taken_away_is_told(self) -> None:
        old = {one.path: one.schema for one in published_schemas()}
        present = {one.path: one for one in published_schemas() if "OrderPlaced" not in one.path}
        (line,) = published.broken_promises(old, present)
        assert line.startswith("events/ringahead.OrderPlaced.v1.json: is gone")


class TestFiles:
    """What is told when the files are not as they should be."""

    @pytest.fixture
    def elsewhere(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        folder = tmp_path / "schemas" / "published"
        monkeypatch.setattr(published, "PACKAGE", tmp_path / "schemas")
        monkeypatch.setattr(published, "FOLDER", folder)
        monkeypatch.setattr(published, "RELEASED", folder / "released")
        monkeypatch.setattr(published, "CONFIGURATION", tmp_path / "docs" / "configuration.md")
        return folder

    def test_an_edited_file_is_told_with_what_to_do(self, elsewhere: Path) -> None:
        run = CliRunner()
        assert run.invoke(published.cli, ["write"]).exit_code == 0
        assert run.invoke(published.cli, ["check"]).exit_code == 0
        (elsewhere / "envelope.json").write_text("{}")
        result = run.invoke(published.cli, ["check"])
        assert result.exit_code == 1
        assert "envelope.json is not what the models say: run `python -m ops.published write`" in result.output

    def test_a_file_without_a_model_is_told(self, elsewhere: Path) -> None:
        CliRunner().invoke(published.cli, ["write"])
        (elsewhere / "events" / "ringahead.Foreign.v1.json").write_text("{}")
        assert published.outdated() == [
            "schemas/published/events/ringahead.Foreign.v1.json has no model: remove it, if no release has it"
        ]

    def test_check_fails_on_a_broken_promise(self, elsewhere: Path) -> None:
        run = CliRunner()
        run.invoke(published.cli, ["write"])
        run.invoke(published.cli, ["release", "9.9.9"])
        frozen = elsewhere / "released" / "9.9.9.json"
        old = json.loads(frozen.read_text())
        old["envelope.json"]["properties"]["flavour"] = {"type": "string"}
        frozen.write_text(json.dumps(old))
        result = run.invoke(published.cli, ["check"])
        assert result.exit_code == 1
        assert "9.9.9: envelope.json: flavour: the property is gone" in result.output


class TestAsyncApi:
    """The document that says what travels where."""

    def test_has_a_channel_for_every_topic(self) -> None:
        channels = documents()["asyncapi.json"]["channels"]
        assert {channel["address"] for channel in channels.values()} == {topic.value for topic in Topic}

    def test_tells_limits_as_they_are_on_the_brokers(self) -> None:
        channels = documents()["asyncapi.json"]["channels"].values()
        told = {one["address"]: one["bindings"]["kafka"]["topicConfiguration"] for one in channels}
        for spec in TOPICS:
            assert told[spec.topic.value]["retention.ms"] == int(spec.configs["retention.ms"])
            assert told[spec.topic.value]["max.message.bytes"] == spec.max_message_bytes

    def test_every_reference_leads_somewhere(self) -> None:
        document = documents()["asyncapi.json"]
        for reference in references(document):
            if reference.startswith("./"):
                assert reference.removeprefix("./") in documents()
            else:
                target: Any = document
                for part in reference.removeprefix("#/").split("/"):
                    target = target[part]

    def test_every_schema_is_carried_by_a_topic(self) -> None:
        referred = {reference.removeprefix("./") for reference in references(documents()["asyncapi.json"])}
        assert {one.path for one in published_schemas()} <= referred

    def test_orders_carry_order_events(self) -> None:
        messages = documents()["asyncapi.json"]["channels"]["orders"]["messages"]
        assert TYPE_OF[orders.OrderPlaced] in messages


def references(part: Any) -> Iterator[str]:
    """Every $ref of a document."""
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for value in part.values():
            yield from references(value)
    elif isinstance(part, list):
        for value in part:
            yield from references(value)
