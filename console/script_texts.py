"""What to say in a call, by profile: how to open, what matters to such a customer, how to end. Words to lean on."""

from collections.abc import Mapping

TEXTS: Mapping[str, str] = {
    "script.service.1": "Say that you call to mend it, and name what went wrong.",
    "script.service.2": "Say what is done and by when; offer nothing today.",
    "script.service.3": "Ask whether that settles it. If it does, say so here; if not, promise a callback.",
    "script.small-ignition.1": "Thank them for their first orders, and ask how the goods arrived.",
    "script.small-ignition.2": "Ask on which channel they like to be reached, and whether payment terms suit them.",
    "script.small-ignition.3": "Offer what the card names; leave your name for questions.",
    "script.small-maintenance.1": "Say why you call now: the sentence above, in your words.",
    "script.small-maintenance.2": "Read the quantity back before you send it, and name the day of delivery.",
    "script.small-maintenance.3": "One suggestion is enough. Ask whether the last invoice was right.",
    "script.small-reactivation.1": "Say that you missed their orders, and ask what changed. Listen first.",
    "script.small-reactivation.2": "Offer what they used to buy, in the old quantity or less.",
    "script.small-reactivation.3": "Ask on which channel they want to hear from us; note why if they do not come back.",
    "script.large-ignition.1": "Introduce yourself as their named contact.",
    "script.large-ignition.2": "Ask who orders there, and whether their system could order electronically.",
    "script.large-ignition.3": "Agree on the next step with a date, not only on an order.",
    "script.large-maintenance.1": "Talk to procurement about the exception that the card names, nothing else.",
    "script.large-maintenance.2": "Check quantity and delivery day against their plan.",
    "script.large-maintenance.3": "Ask whether a joint day on what is new would be worth their time.",
    "script.large-reactivation.1": "Ask what would make a new start worthwhile; offer the account manager.",
    "script.large-reactivation.2": "Propose a joint day rather than a discount.",
    "script.large-reactivation.3": "Note why they left, in one of the reasons.",
}
