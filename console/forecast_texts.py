"""Words of the forecast's picture: the curve over past orders, its legend, its table, and what a screen reader says."""

from collections.abc import Mapping

TEXTS: Mapping[str, str] = {
    "chart.now": "today",
    "chart.last": "past orders",
    "chart.show": "The forecast as a picture",
    "chart.none": "There is no date range for this need.",
    "chart.curve_order": "chance that they have not ordered yet",
    "chart.curve_stock": "chance that nothing has run out yet",
    "chart.rough": "(drawn from three days)",
    "chart.lead": "lead time: an order of {seen} is there by {day}",
    "chart.level": "we call once {level} would have ordered by then",
    "chart.due": "{percent} by {day}",
    "chart.numbers": "The chance in numbers",
    "chart.column_day": "Until",
    "chart.column_order": "Not ordered yet",
    "chart.column_stock": "Nothing run out yet",
    "chart.says_last": "Last order {last}.",
    "chart.says_last_none": "No order is known.",
    "chart.says_order": "Seen from {seen}, the chance that they have not ordered yet falls to",
    "chart.says_stock": "Seen from {seen}, the chance that nothing has run out yet falls to",
    "chart.says_day": "{left} by {day}",
    "chart.says_delivered": "An order of that day is there by {day}.",
    "chart.says_due": "The {level} from which we call are reached by {day}.",
}
