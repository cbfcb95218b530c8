"""One answer for an account and its pairs: the chance that it orders anything is at least that of each of its products.

The two levels are fitted apart, so now and then a pair says more than its account. Then the pair is believed: it knows
more of what is ordered regularly. As the account's curve is raised to the highest of its pairs' on every day, its
quantiles are the earliest of theirs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from forecasting.columns import Floats
    from forecasting.curve import CurveForecaster
    from forecasting.history import Pairs

Answers = tuple[list["Floats"], list["Floats"]]


def raised(said: Answers, accounts: Pairs, pairs: Pairs, of_pairs: Answers) -> Answers:
    """What was said of accounts (probabilities by horizon, days by quantile), raised to what was said of their pairs.

    pairs: of the same history as accounts; those of other accounts are passed over. Each array has shape (rows,).
    """
    place = np.full(len(accounts.history.account_ids), -1)
    place[accounts.account] = np.arange(len(accounts))
    row = place[pairs.account]
    known = row >= 0
    chances, days = ([one.copy() for one in part] for part in said)
    for account, pair in zip(chances, of_pairs[0], strict=True):
        np.maximum.at(account, row[known], pair[known])
    for account, pair in zip(days, of_pairs[1], strict=True):
        np.minimum.at(account, row[known], pair[known])
    return chances, days


def answers_of_accounts(
    forecasters: tuple[CurveForecaster, CurveForecaster],
    accounts: Pairs,
    pairs: Pairs,
    as_of_day: int,
    horizons_days: Sequence[float],
    quantiles: Sequence[float],
) -> Answers:
    """`CurveForecaster.answers` of accounts, coherent with those of `pairs`. forecasters: of accounts, and of pairs."""
    of_accounts, of_pairs = forecasters
    said = of_accounts.answers(accounts.columns, as_of_day, horizons_days, quantiles)
    return raised(said, accounts, pairs, of_pairs.answers(pairs.columns, as_of_day, horizons_days, quantiles))
