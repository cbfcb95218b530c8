"""Calling rules in words, for lists and pages."""

from collections.abc import Iterator

from outreach.calling.book import (
    EVERYWHERE,
    ClosureRule,
    ConsentRule,
    FrequencyRule,
    HoursRule,
    RegisterRule,
    Rule,
)


def where(rule: Rule) -> str:
    """The place of a rule, in a word or two."""
    if rule.country in {None, EVERYWHERE}:
        return "elsewhere" if rule.country is None else "everywhere"
    return f"{rule.country}{f'-{rule.region}' if rule.region else ''}"


def says(rule: Rule) -> str:
    """What a rule asks, in a few words."""
    match rule:
        case HoursRule():
            closed = f", not on {', '.join(rule.closed_weekdays)}" if rule.closed_weekdays else ""
            return f"calls {rule.opens} to {rule.closes}{closed}"
        case ClosureRule():
            return f"no calls on {', '.join(_closed(rule))}"
        case FrequencyRule():
            return f"at most {rule.contacts} contacts in {rule.hours} hours"
        case RegisterRule():
            return f"register {rule.register_name}, a copy at most {rule.max_age_days} days old{_spared(rule)}"
        case ConsentRule():
            needed = "only with consent" if rule.needs == "given" else "until consent is withdrawn"
            return f"{', '.join(rule.channels)} for {' and '.join(rule.purposes)} {needed}"
    raise AssertionError(f"{rule.id} is of no known kind")


def _closed(rule: ClosureRule) -> Iterator[str]:
    if rule.public_holidays:
        yield "public holidays"
    yield from rule.days
    yield from (one.isoformat() for one in rule.dates)


def _spared(rule: RegisterRule) -> str:
    spared = []
    if rule.spared_after_order_days is not None:
        spared.append(f"an order within {rule.spared_after_order_days} days")
    if rule.spared_by_consent:
        spared.append("consent")
    return f"; spared by {' or '.join(spared)}" if spared else ""
