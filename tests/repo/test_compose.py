"""docker-compose.yml is valid by the compose specification's own schema, consistent, and has no default password."""

import json
import re
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from ops.cli import LISTED
from schemas.settings import PREFIX, Settings
from tests.repo.sources import ROOT

TEXT = (ROOT / "docker-compose.yml").read_text("utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"].startswith("ringahead:")}
VARIABLE = re.compile(r"(?<!\$)\$\{(\w+)(:?[-?])?([^}]*)\}")


def schema() -> dict[str, Any]:
    """The compose specification's schema, as check-jsonschema ships it."""
    shipped = distribution("check-jsonschema").locate_file("check_jsonschema/builtin_schemas/vendor/compose-spec.json")
    text = Path(str(shipped)).read_text("utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def test_file_is_valid_by_the_specification() -> None:
    jsonschema.Draft202012Validator(schema()).validate(COMPOSE)


def test_schema_refuses_what_is_wrong() -> None:
    validator = jsonschema.Draft202012Validator(schema())
    assert not validator.is_valid({"services": {"kafka": {"image": 4, "restrat": "always"}}})


@pytest.mark.parametrize(("name", "service"), SERVICES.items(), ids=list(SERVICES))
def test_dependencies_exist_and_can_be_met(name: str, service: dict[str, Any]) -> None:
    for other, how in service.get("depends_on", {}).items():
        if how["condition"] == "service_healthy":
            assert "healthcheck" in SERVICES[other]
        if how["condition"] == "service_completed_successfully":
            assert SERVICES[other]["restart"].startswith("on-failure"), "a job that always restarts never completes"


@pytest.mark.parametrize(("name", "service"), SERVICES.items(), ids=list(SERVICES))
def test_image_is_pinned(name: str, service: dict[str, Any]) -> None:
    tag = service["image"].partition(":")[2]
    assert re.match(r"v?\d+\.\d+", tag), f"{service['image']} may change under us"


def test_named_volumes_are_declared_and_each_worker_has_its_own() -> None:
    mounted = [volume.partition(":")[0] for service in SERVICES.values() for volume in service.get("volumes", [])]
    used = [volume for volume in mounted if not volume.startswith("./")]
    assert [path for path in mounted if path.startswith("./") and not (ROOT / path).exists()] == []
    assert set(used) == set(COMPOSE["volumes"])
    assert len(used) == len(set(used))


@pytest.mark.parametrize(("name", "service"), OURS.items(), ids=list(OURS))
def test_our_processes_are_confined(name: str, service: dict[str, Any]) -> None:
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service


@pytest.mark.parametrize(("name", "service"), OURS.items(), ids=list(OURS))
def test_commands_and_settings_exist(name: str, service: dict[str, Any]) -> None:
    assert service["command"][0] in LISTED
    settings = {f"{PREFIX}{field}".upper() for field in Settings.model_fields}
    assert set(service["environment"]) <= settings


def test_long_running_processes_report_their_health() -> None:
    jobs = {"topics", "migrate", "learn"}
    assert [name for name, service in SERVICES.items() if name not in jobs and "healthcheck" not in service] == []


def test_nothing_is_published_beyond_loopback() -> None:
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert ports
    assert [port for port in ports if not port.startswith("127.0.0.1:")] == []


def test_no_password_has_a_default() -> None:
    uses = VARIABLE.findall(TEXT)
    assert {operator for name, operator, _ in uses if name == "POSTGRES_PASSWORD"} == {":?"}
    assert [name for name, operator, _ in uses if not operator] == [], "an unset variable would silently be empty"
    settings = {name: value for service in SERVICES.values() for name, value in service["environment"].items()}
    given = {name: value for name, value in settings.items() if re.search("PASSWORD|SECRET|KEY|TOKEN", name)}
    files = {name: value for name, value in given.items() if name.endswith("__FILE")}
    assert all(value.startswith("/run/secrets/") for value in files.values())
    given = {name: value for name, value in given.items() if name not in files}
    assert set(given) == {"POSTGRES_PASSWORD"}
    assert given["POSTGRES_PASSWORD"].startswith("${POSTGRES_PASSWORD:?")


def test_example_file_lists_every_variable_and_no_password() -> None:
    lines = (ROOT / ".env.example").read_text("utf-8").splitlines()
    example = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    assert set(example) == {name for name, _, _ in VARIABLE.findall(TEXT)}
    assert example["POSTGRES_PASSWORD"] == ""


def test_image_runs_as_a_user_of_its_own() -> None:
    text = (ROOT / "Dockerfile").read_text("utf-8")
    stages = text.split("\nFROM ")
    assert len(stages) == 3, "a comment, the build, the image"
    assert re.search(r"^USER 10001$", stages[-1], re.MULTILINE)
    assert "--require-hashes" in text
    assert "secret" not in text.lower()


def test_image_gets_what_the_build_needs_and_nothing_else() -> None:
    lines = (ROOT / ".dockerignore").read_text("utf-8").split()
    kept = {line[1:] for line in lines if line.startswith("!")}
    packages = {"schemas", "forecasting", "outreach", "streams", "console", "ops"}
    assert lines[0] == "*"
    assert kept == packages | {"requirements.lock", "requirements-build.lock", "pyproject.toml", "README.md", "LICENSE"}
