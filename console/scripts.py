"""What to say in a call, by profile: how to open, what matters to such a customer, how to end. Words to lean on."""

from collections.abc import Mapping

from outreach.desk import TaskCard
from schemas.decisions import TaskClass

SERVICE = (
    "Say that you call to mend it, and name what went wrong.",
    "Say what is done and by when; offer nothing today.",
    "Ask whether that settles it. If it does, say so here; if not, promise a callback.",
)
"""The same in every profile: nothing is sold before it is mended."""

SELLING: Mapping[str, tuple[str, ...]] = {
    "small-ignition": (
        "Thank them for their first orders, and ask how the goods arrived.",
        "Ask on which channel they like to be reached, and whether payment terms suit them.",
        "Offer what the card names; leave your name for questions.",
    ),
    "small-maintenance": (
        "Say why you call now: the sentence above, in your words.",
        "Read the quantity back before you send it, and name the day of delivery.",
        "One suggestion is enough. Ask whether the last invoice was right.",
    ),
    "small-reactivation": (
        "Say that you missed their orders, and ask what changed. Listen first.",
        "Offer what they used to buy, in the old quantity or less.",
        "Ask on which channel they want to hear from us; note why if they do not come back.",
    ),
    "large-ignition": (
        "Introduce yourself as their named contact.",
        "Ask who orders there, and whether their system could order electronically.",
        "Agree on the next step with a date, not only on an order.",
    ),
    "large-maintenance": (
        "Talk to procurement about the exception that the card names, nothing else.",
        "Check quantity and delivery day against their plan.",
        "Ask whether a joint day on what is new would be worth their time.",
    ),
    "large-reactivation": (
        "Ask what would make a new start worthwhile; offer the account manager.",
        "Propose a joint day rather than a discount.",
        "Note why they left, in one of the reasons.",
    ),
}


def script_of(card: TaskCard) -> tuple[str, ...]:
    """The steps for this call; none for a profile without a script."""
    if card.task.task_class is TaskClass.SERVICE:
        return SERVICE
    return SELLING.get(card.profile, ())
