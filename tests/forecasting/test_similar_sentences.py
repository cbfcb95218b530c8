"""What may be said of a suggestion."""

import pytest

from forecasting.similar.sentences import NEW_IN_RANGE, sentence


def test_the_figures_are_told_with_the_trade() -> None:
    assert sentence(34, 60, 0.09, is_new=True, trade="metal_worker") == (
        "34 of the 60 customers most like this metal worker buy it; 9 % of all customers do."
    )
    assert sentence(34, 60, 0.004, is_new=False) == (
        "34 of the 60 customers most like this one buy it; less than 1 % of all customers do."
    )


@pytest.mark.parametrize(
    "figures", [(9, 60, 0.01), (34, 60, 0.4), (0, 0, 0.1), (10, 10, 0.0)], ids=["few", "no lift", "nobody", "no rate"]
)
def test_no_number_is_told_where_it_may_not_be(figures: tuple[int, int, float]) -> None:
    assert sentence(*figures, is_new=False, trade="florist") == ""
    assert sentence(*figures, is_new=True, trade="florist") == NEW_IN_RANGE
