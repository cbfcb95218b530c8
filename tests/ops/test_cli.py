"""The command line: help that does not depend on any command, one line for known errors, exit codes."""

import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest

import ops.commands
from ops.cli import LISTED, run


@pytest.fixture
def commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An ``ops.commands`` of the test's own modules."""
    monkeypatch.setattr(ops.commands, "__path__", [str(tmp_path)])
    yield tmp_path
    for name in [name for name in sys.modules if name.startswith("ops.commands.")]:
        del sys.modules[name]


def write(folder: Path, name: str, body: str) -> None:
    lines = f"import click\n@click.command()\ndef command():\n    'Says what it does.'\n    {body}\n"
    (folder / f"{name}.py").write_text(lines, "utf-8")


def test_help_lists_what_is_there_and_nothing_else(commands: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(commands, "import_", "pass")
    write(commands, "far_away", "pass")
    write(commands, "_helper", "pass")
    assert run(["--help"]) == 0
    shown = capsys.readouterr().out
    assert f"import  {LISTED['import'].says}" in shown
    assert "far-away  Says what it does." in shown
    assert "demo  " not in shown
    assert "helper" not in shown


def test_help_imports_no_listed_command(commands: Path) -> None:
    (commands / "demo.py").write_text("raise RuntimeError('imported')", "utf-8")
    assert run(["--help"]) == 0


def test_broken_command_harms_no_other(commands: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (commands / "broken.py").write_text("import not_installed", "utf-8")
    write(commands, "doctor", "print('well')")
    assert run(["doctor"]) == 0
    assert run(["--help"]) == 0
    assert "cannot be loaded: ModuleNotFoundError" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("body", "code", "line"),
    [
        ("from schemas.errors import BadFile; raise BadFile('no column sku')", 2, "no column sku"),
        ("from schemas.errors import Unavailable; raise Unavailable('wait')", 1, "wait"),
        ("open('/does/not/exist')", 2, "/does/not/exist: No such file or directory"),
        ("raise ConnectionRefusedError('refused')", 1, "cannot reach the other side: refused"),
    ],
)
def test_known_error_is_one_line(
    commands: Path, capsys: pytest.CaptureFixture[str], body: str, code: int, line: str
) -> None:
    write(commands, "demo", body)
    assert run(["demo"]) == code
    said = capsys.readouterr().err
    assert said.startswith(f"ringahead: {line}")
    assert said.count("\n") == 1
    with pytest.raises(Exception, match=r".+"):
        run(["--traceback", "demo"])


def test_unknown_error_crashes(commands: Path) -> None:
    write(commands, "demo", "raise KeyError('a bug')")
    with pytest.raises(KeyError):
        run(["demo"])


def test_command_may_return_its_exit_code(commands: Path) -> None:
    write(commands, "doctor", "return 1")
    assert run(["doctor"]) == 1


@pytest.mark.parametrize("arguments", [["nope"], ["../demo"], ["demo", "--nope"], []])
def test_wrong_use_is_bad_input(commands: Path, arguments: list[str]) -> None:
    write(commands, "demo", "pass")
    assert run(arguments) == 2


def test_interrupt_is_said(commands: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(commands, "demo", "raise KeyboardInterrupt")
    assert run(["demo"]) == 1
    assert capsys.readouterr().err.strip().endswith("ringahead: stopped")


def test_every_shipped_command_loads_and_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    shipped = sorted(path.stem for path in Path(ops.commands.__path__[0]).glob("[a-z]*.py"))
    assert shipped
    for module in shipped:
        assert run([module.rstrip("_").replace("_", "-"), "--help"]) == 0, module
        said = capsys.readouterr().out
        assert len(dedent(said).splitlines()) > 4, f"{module} --help says too little"
