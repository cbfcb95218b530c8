"""Progress: plain lines where there is no terminal, and none for quick work."""

from io import StringIO

from rich.console import Console

from ops.progress import progress


def test_plain_lines_now_and_then() -> None:
    out = StringIO()
    times = iter([0.0, 1.0, 6.0, 7.0, 12.0])
    with progress("Reading", 200, console=Console(file=out), clock=lambda: next(times)) as advance:
        for _ in range(4):
            advance(50)
    assert out.getvalue() == "Reading: 100 of 200 (50%)\nReading: 200 of 200 (100%)\n"


def test_quick_work_says_nothing() -> None:
    out = StringIO()
    with progress("Reading", console=Console(file=out), clock=lambda: 0.0) as advance:
        advance(1)
    assert out.getvalue() == ""


def test_terminal_gets_a_bar() -> None:
    out = StringIO()
    with progress("Reading", 2, console=Console(file=out, force_terminal=True)) as advance:
        advance(2)
    assert "2/2" in out.getvalue()
