"""A report that does not account for every line is refused."""

import pytest

from ops.importers.report import Report


def test_counts_must_add_up() -> None:
    with pytest.raises(ValueError, match="2 of 3 lines"):
        Report("file", 3, {"ordered": 1}, {"no_price": 1})


def test_rows() -> None:
    rows = list(Report("file", 6, {"ordered": 1, "returned": 2}, {"no_price": 3}).rows())
    assert rows == [
        ("used: returned", 2),
        ("used: ordered", 1),
        ("left out: no price", 3),
        ("lines in the file", 6),
    ]
