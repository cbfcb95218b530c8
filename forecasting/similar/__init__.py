"""Products that an account never bought, learnt from similar accounts and from what others lately began to buy.

    recommender = fit_recommender(history, as_of_day, catalogue)
    for chunk in recommender.recommend(baskets_of(history, as_of_day), 10): ...

docs/suggestions.md has the method, its figures and its cost.
"""

from forecasting.similar.answers import (
    FEW_LEFT,
    MIN_LIFT,
    MIN_NEIGHBOURS,
    NO_ORDERS,
    NOTHING_LEFT,
    AccountSuggestions,
    Ranked,
    Suggestion,
)
from forecasting.similar.artefact import digest_of, dumps, loads
from forecasting.similar.baskets import Baskets, baskets_of
from forecasting.similar.catalogue import Catalogue
from forecasting.similar.learning import fit_recommender, steps, suggest
from forecasting.similar.newcomers import (
    FirstOrder,
    PacePrior,
    cart_of,
    first_suggestions,
    pace_prior,
    similar_accounts,
)
from forecasting.similar.recommender import Recommender

__all__ = [
    "FEW_LEFT",
    "MIN_LIFT",
    "MIN_NEIGHBOURS",
    "NOTHING_LEFT",
    "NO_ORDERS",
    "AccountSuggestions",
    "Baskets",
    "Catalogue",
    "FirstOrder",
    "PacePrior",
    "Ranked",
    "Recommender",
    "Suggestion",
    "baskets_of",
    "cart_of",
    "digest_of",
    "dumps",
    "first_suggestions",
    "fit_recommender",
    "loads",
    "pace_prior",
    "similar_accounts",
    "steps",
    "suggest",
]
