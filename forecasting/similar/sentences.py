"""Why a product is suggested, in words that may be said to a customer: no account is named, no small number is told."""

from __future__ import annotations

from forecasting.similar.answers import MIN_LIFT, MIN_NEIGHBOURS

NEW_IN_RANGE = "New in our range."


def may_be_told(buyers: int, neighbours: int, base_rate: float) -> bool:
    """Whether the figures carry a sentence: at least 10 similar accounts buy it, 1.5 times as often as all do."""
    if buyers < MIN_NEIGHBOURS or not neighbours or not base_rate:
        return False
    return buyers / neighbours / base_rate >= MIN_LIFT


def sentence(buyers: int, neighbours: int, base_rate: float, *, is_new: bool, trade: str | None = None) -> str:
    """The figures where they may be told, else that the product is new; empty where there is nothing to say.

    The neighbours are alike by what they buy, not by trade, so the sentence does not say that they are of it.
    """
    if not may_be_told(buyers, neighbours, base_rate):
        return NEW_IN_RANGE if is_new else ""
    kind = f"this {trade.replace('_', ' ').lower()}" if trade else "this one"
    share = "less than 1 %" if base_rate < 0.01 else f"{100 * base_rate:.0f} %"
    return f"{buyers} of the {neighbours} customers most like {kind} buy it; {share} of all customers do."
