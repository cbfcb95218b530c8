"""Whether a reorder may go to the ERP now, and in which quantities."""

from outreach.desk import eligibility
from outreach.desk.context import Context
from outreach.quantities import Pack
from outreach.records import ReorderTask
from outreach.rules import Facts, blocking_reasons
from schemas.base import EARLIEST
from schemas.decisions import Reason
from schemas.errors import Refused

MOST_UNITS = 1e9


def blocking(context: Context, row: ReorderTask, *, by_itself: bool) -> tuple[Reason, ...]:
    """Why it may not be sent now. What nobody looks at is not sent on an old forecast either."""
    standing = context.tx.standings.get(row.account_id)
    facts = Facts(
        now=context.now or EARLIEST,
        closed=standing is not None and (standing.closed or standing.merged_into is not None),
        open_complaints=len(standing.open_complaints) if standing else 0,
        credit_hold=standing is not None and standing.credit_hold,
        desk={
            Reason.FORECAST_STALE: by_itself and eligibility.is_stale(context),
            Reason.KILL_SWITCH: eligibility.is_stopped(context),
        },
    )
    return blocking_reasons(facts)


def require_orderable(row: ReorderTask, quantity_units: float) -> None:
    """Raises Refused("bad_quantity") for a quantity that the supplier would not accept."""
    if not 0 < quantity_units <= MOST_UNITS:
        raise Refused("bad_quantity", "a quantity is above 0 and at most 1,000,000,000")
    evidence = row.evidence
    if evidence is None or evidence.quantity is None:
        return
    pack = Pack(evidence.quantity.minimum_units, evidence.quantity.multiple_units)
    if not pack.allows(quantity_units):
        steps = f", in steps of {pack.multiple_units:g}" if pack.multiple_units > 0 else ""
        raise Refused("bad_quantity", f"at least {max(pack.minimum_units, pack.multiple_units):g}{steps}")
