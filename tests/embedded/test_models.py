"""Models from learning to the fold: what is no model of ours never decides, and the one in force stays."""

import json
from datetime import date
from functools import cache
from pathlib import Path

import pytest

from forecasting.artefact import PopulationModel
from forecasting.history import order_days
from forecasting.learn import fit_population
from ops.cli import run
from ops.embedded.installation import Opened, opened
from schemas.envelope import broadcast
from schemas.events.ours import ModelPublished
from schemas.settings import Settings
from streams.codec import decode_partition
from streams.embedded import tables
from streams.workspace import PARTITION_KEY
from tests.embedded.made import put_artefacts
from tests.forecasting.population import order_lines
from tests.streams.harness import START, in_force, tick


@cache
def model() -> PopulationModel:
    return fit_population(order_days(order_lines(accounts=40)), date(2022, 3, 1).toordinal())


def spoilt(kind: str) -> bytes:
    """A model's bytes, spoilt."""
    raw = model().artefact
    match kind:
        case "truncated":
            return raw[: len(raw) // 2]
        case "another version":
            return raw.replace(b'"format":', b'"format":9', 1)
        case "tampered":
            return raw.replace(b'"order_days":', b'"order_days":1', 1)
        case _:
            return b"\x80 no model at all"


KINDS = ["truncated", "another version", "tampered", "foreign"]
SAYS = {
    "truncated": "only a part",
    "another version": "this version can read",
    "tampered": "altered",
    "foreign": "part",
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_model_is_a_letter_and_the_one_in_force_stays(tmp_path: Path, kind: str) -> None:
    good, *_ = in_force()
    with opened(Settings(data_dir=tmp_path)) as installation:
        put_artefacts(installation)
        installation.runtime.append([good, tick(START)])
        installation.runtime.fold_all()
        before = in_force_in(installation)
        assert before == (good.fact.version, good.fact.digest)
        with installation.store.begin() as tx:
            digest = tx.artefacts.put(spoilt(kind))
        bad = broadcast(ModelPublished(version="bad@1", digest=digest), source="x", id="bad", time=START)
        installation.runtime.append([bad, tick(START)])
        installation.runtime.fold_all()
        with installation.store.read() as tx:
            (letter,) = tx.dead_letters.listed()
        assert SAYS[kind] in letter.detail
        assert "the one in force stays" in letter.detail
        assert in_force_in(installation) == before


def in_force_in(installation: Opened) -> tuple[str | None, str | None]:
    with installation.store.read() as tx:
        raw = tables.StateTable(tx.connection).get(PARTITION_KEY)
    assert raw is not None
    partition = decode_partition(raw)
    return partition.model_version, partition.model_digest


@pytest.mark.parametrize("kind", KINDS)
def test_a_models_file_is_refused_with_the_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    (tmp_path / "model.json").write_bytes(spoilt(kind))
    assert run(["model", str(tmp_path / "model.json")]) == 2
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1
    assert SAYS[kind] in said


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation with the orders of a small distributor in its log."""
    monkeypatch.setenv("RINGAHEAD_DATA_DIR", str(tmp_path / "data"))
    lines = order_lines(accounts=40)
    lines[lines.ordered_at < "2022-03-01"].to_csv(tmp_path / "orders.csv", index=False)
    assert run(["import", str(tmp_path / "orders.csv")]) == 0
    return tmp_path


def test_learn_says_its_steps_and_prints_the_card(installed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert run(["learn", "--as-of", "2022-03-01", "--card"]) == 0
    said = capsys.readouterr()
    for step in ("reading the log", "fitting without them", "scoring them", "fitting on everything"):
        assert f"learning: {step}" in said.err
    assert "is in force" in said.out
    assert "# Model card:" in said.out
    assert "| pair | 14 d |" in said.out


def test_the_model_in_force_is_printed_saved_and_checked(installed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["model"]) == 1
    assert "no model was published yet" in capsys.readouterr().err
    assert run(["learn", "--as-of", "2022-02-01"]) == 0
    assert run(["model", "--save", str(installed)]) == 0
    (saved,) = installed.glob("model-*.json")
    card = saved.with_suffix(".md").read_text("utf-8")
    assert json.loads(saved.read_bytes())["record"]["version"] in card
    capsys.readouterr()
    assert run(["model", str(saved)]) == 0
    assert capsys.readouterr().out.strip() == card.strip()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("absent.json",), "there is no such file"),
        (("--save", "nowhere"), "there is no such folder"),
        (("a.json", "--digest", "0"), "name one"),
    ],
)
def test_what_cannot_be_shown_is_one_line(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], says: str
) -> None:
    assert run(["model", *arguments]) == 2
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1
    assert says in said
