"""What an account is worth and how a reorder's quantity came about, in words with their parts."""

from collections.abc import Mapping

from outreach.desk import AccountRecord
from outreach.records import ReorderTask
from schemas.needs import AccountValue

TEXTS: Mapping[str, str] = {
    "worth.title": "Value from now on",
    "worth.none": "Not valued yet: no model has judged this account.",
    "worth.value": "Value",
    "worth.value_says": "{value:,.0f} = {p_alive:.0%} alive x the margin of {years} years",
    "worth.spend": "Spend of a year",
    "worth.margin": "Margin",
    "worth.margin_own": "{share:.1%}, of its own products",
    "worth.margin_usual": "{share:.1%}, as the profiles say: none of its products has one",
    "worth.kept": "Kept from year to year",
    "worth.kept_says": "{retention:.0%}; cost of capital {capital:.1%}",
    "worth.wallet": "Share of wallet",
    "worth.wallet_says": "{share:.0%} of {wallet:,.0f} a year; {counted:.0%} of the rest is counted",
    "worth.won": "Cost of winning it",
    "worth.won_says": "{cost:,.0f}, spent already",
    "worth.quantity": "{units:,.6g}: {demand:,.4g} for {days:,.3g} days{safety}, less {stock:,.4g} in stock{rest}",
    "worth.quantity_safety": " and {units:,.4g} for safety",
    "worth.quantity_guess": " (estimated)",
    "worth.quantity_coming": " and {units:,.4g} on its way",
    "worth.quantity_least": "; at least {units:,.6g}",
    "worth.quantity_steps": "; in steps of {units:,.6g}",
}


def say(key: str, **fields: object) -> str:
    """A text of this module; KeyError for a missing text or field."""
    return TEXTS[key].format(**fields)


def value_rows(record: AccountRecord) -> list[tuple[str, str]]:
    """Value and its parts, name and words; empty for an account that was never valued."""
    value = record.standing.value if record.standing else None
    if value is None:
        return []
    known = say("worth.margin_own" if value.margin_known else "worth.margin_usual", share=value.margin_share)
    says = {"value": value.value, "p_alive": value.p_alive, "years": value.years}
    return [
        (say("worth.value"), say("worth.value_says", **says)),
        (say("worth.spend"), f"{value.yearly_spend:,.0f}"),
        (say("worth.margin"), known),
        (
            say("worth.kept"),
            say("worth.kept_says", retention=value.retention_share, capital=value.capital_cost_share),
        ),
        *_where_known(value),
    ]


def quantity_words(reorder: ReorderTask) -> str:
    """Where the proposed quantity comes from; empty where only the usual quantity was known."""
    evidence = reorder.evidence
    parts = evidence.quantity if evidence else None
    if parts is None:
        return ""
    guess = "" if parts.stock_known else say("worth.quantity_guess")
    coming = say("worth.quantity_coming", units=parts.open_order_units) if parts.open_order_units else ""
    pack = ""
    if parts.minimum_units > 0:
        pack += say("worth.quantity_least", units=parts.minimum_units)
    if parts.multiple_units > 0:
        pack += say("worth.quantity_steps", units=parts.multiple_units)
    return say(
        "worth.quantity",
        units=parts.quantity_units,
        demand=parts.demand_units,
        days=parts.lead_time_days + parts.cover_days,
        safety=say("worth.quantity_safety", units=parts.safety_units) if parts.safety_units else "",
        stock=parts.stock_units,
        rest=guess + coming + pack,
    )


def _where_known(value: AccountValue) -> list[tuple[str, str]]:
    rows = []
    if value.wallet_share is not None:
        says = {"share": value.wallet_share, "wallet": value.wallet_yearly, "counted": value.headroom_share}
        rows.append((say("worth.wallet"), say("worth.wallet_says", **says)))
    if value.acquisition_cost is not None:
        rows.append((say("worth.won"), say("worth.won_says", cost=value.acquisition_cost)))
    return rows
