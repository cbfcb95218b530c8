"""Bad files and `ringahead backtest`: a table of numbers, or one line that says what is wrong."""

from pathlib import Path

import pytest

from ops.cli import run
from tests.forecasting.test_bad_input import REFUSED, USABLE, Row, every, orders_of, write

BRIEF = ["--baselines", "median gap;Poisson-gamma", "--draws", "20", "--origins", "2", "--min-orders", "2"]
CASES: dict[str, list[Row]] = {**USABLE, **{name: rows for name, (rows, _) in REFUSED.items()}}
CASES["one order of 2099"] = orders_of("A", "S", every(9, 30)) + orders_of("B", "S", ["2099-12-30"])


@pytest.mark.parametrize("case", CASES)
def test_a_file_is_judged_or_refused_in_one_line(case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = run(["backtest", "--orders", str(write(tmp_path, CASES[case])), *BRIEF])
    out, err = capsys.readouterr()
    assert code in (0, 2)
    assert "Traceback" not in err
    if code == 2:
        assert len([line for line in err.splitlines() if line.startswith("ringahead: ")]) == 1
        assert "--as-of" not in err
        assert not out
    else:
        assert "ringahead" in out
        assert "nan" not in out.lower()
        assert "inf" not in out.lower()
