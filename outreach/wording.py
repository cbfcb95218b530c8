"""What an agent can say today about a need, however long ago it was decided."""

from datetime import date

from schemas.needs import Evidence


def sentence_on(evidence: Evidence, today: date) -> str:
    """The evidence's own sentence on the day it was decided; later the same facts as they stand today."""
    decided = evidence.as_of.date()
    if today <= decided or not evidence.sentence:
        return evidence.sentence
    if evidence.stock_units is not None:
        return f"By the meter they had {evidence.stock_units:,.0f} left on {_day(decided)}{_run_out(evidence, today)}."
    if evidence.last_order_on is None or evidence.order_days == 0:
        return evidence.sentence
    return f"{_habit(evidence, today)}{_expected(evidence, today)} (forecast of {_day(decided)})."


def _habit(evidence: Evidence, today: date) -> str:
    silent_days = (today - (evidence.last_order_on or today)).days
    silent = "today" if silent_days <= 0 else "yesterday" if silent_days == 1 else f"{silent_days} days ago"
    if evidence.order_days < 3 or not evidence.usual_gap_days:
        return f"They ordered this {'once' if evidence.order_days == 1 else 'before'}, last {silent}"
    gap_days = max(round(evidence.usual_gap_days), 1)
    return f"They usually order every {'day' if gap_days == 1 else f'{gap_days} days'} and last ordered {silent}"


def _expected(evidence: Evidence, today: date) -> str:
    if evidence.p50_on is None:
        return ""
    if evidence.p50_on < today:
        return f"; expected to reorder by {_day(evidence.p50_on)}, which has passed"
    return f"; expected to reorder around {_day(evidence.p50_on)}"


def _run_out(evidence: Evidence, today: date) -> str:
    if evidence.p50_on is None:
        return ""
    if evidence.p50_on <= today:
        return f"; expected to have run out around {_day(evidence.p50_on)}"
    return f"; expected to run out around {_day(evidence.p50_on)}"


def _day(on: date) -> str:
    return f"{on.day} {on:%B}"
