"""Every setting is documented, and every documented setting exists."""

import re
from pathlib import Path

import pytest
from pydantic import Field, ValidationError

from ops.configuration_page import SECTIONS, configuration_page, variable
from schemas.settings import PREFIX, Settings, load_settings

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "configuration.md"


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_on_the_page_with_what_it_does(name: str) -> None:
    field = Settings.model_fields[name]
    assert field.description, f"say in a docstring what {name} does"
    (row,) = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith(f"| `{variable(name)}` |")]
    assert " ".join(field.description.split()) in row


def test_the_page_names_nothing_that_does_not_exist() -> None:
    named = set(re.findall(r"RINGAHEAD_[A-Z_]+", PAGE.read_text("utf-8")))
    assert named == {variable(name) for name in Settings.model_fields} | {"RINGAHEAD_ENV_FILE"}


def test_the_page_is_generated() -> None:
    assert PAGE.read_text("utf-8") == configuration_page(), "run `python -m ops.published write`"


def test_a_setting_of_no_section_is_not_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    class More(Settings):
        flavour: str = Field(default="plain", description="What it tastes of.")

    monkeypatch.setattr("ops.configuration_page.Settings", More)
    assert "## Other\n" in configuration_page()
    assert "| `RINGAHEAD_FLAVOUR` | `plain` | text | What it tastes of. |" in configuration_page()


def test_sections_name_settings_that_exist() -> None:
    for _, beginnings in SECTIONS:
        for beginning in beginnings:
            assert any(name.startswith(beginning) for name in Settings.model_fields), beginning


def test_the_environment_is_read_and_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "env"
    file.write_text("RINGAHEAD_CONSOLE_PORT=1234\nRINGAHEAD_SESSION_HOURS=3\n")
    monkeypatch.setenv(PREFIX + "ENV_FILE", str(file))
    monkeypatch.setenv(PREFIX + "CONSOLE_PORT", "4321")
    read = load_settings()
    assert (read.console_port, read.session_hours) == (4321, 3)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("runtime", "cloud"),
        ("kafka_partitions", 0),
        ("kafka_replication", 8),
        ("batch_records", 10_001),
        ("reporting_currency", "pounds"),
        ("max_event_bytes", 3_000_001),
        ("console_port", 65_536),
        ("session_hours", 0),
        ("stale_input_seconds", 59),
    ],
)
def test_a_setting_out_of_its_limits_is_refused_by_name(name: str, value: object) -> None:
    with pytest.raises(ValidationError) as caught:
        Settings.model_validate({name: value})
    assert [fault["loc"] for fault in caught.value.errors()] == [(name,)]


def test_a_password_is_not_shown() -> None:
    settings = Settings(database_url="postgresql+psycopg://u:hush@h/d")  # type: ignore[arg-type]
    assert "hush" not in repr(settings)
    assert settings.sqlalchemy_url.endswith("u:hush@h/d")


def test_without_settings_everything_lies_in_one_file(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    assert settings.sqlalchemy_url == f"sqlite:///{tmp_path}/ringahead.sqlite3"
