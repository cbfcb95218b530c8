"""`ringahead report`: whether calling pays, what became of tasks, and whether as many open as is normal."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta

import click
from rich.console import Console

from ops.reports import shown, suggested
from ops.reports.source import database, read_ledger, shares
from outreach import acceptance, capacity
from outreach.conversion import by_cell, losses, mendings
from outreach.desk import Desk, rules_from
from outreach.holdout import Quarter, estimates, quarter, quarters_of_calls, rows_of
from outreach.ledger import Ledger
from schemas.errors import BadInput, Refused
from schemas.settings import load_settings

WIDTH = 160
SINCE = timedelta(days=90)
as_json = click.option("--json", "as_values", is_flag=True, help="For programs: JSON on stdout.")


@click.group()
def command() -> None:
    """Report on what calling brings.

    Reads the log of record and the task database, and changes nothing; a server may run beside it.
    """


@command.command()
@click.option("--quarter", "names", multiple=True, metavar="2011Q4", help="Only these; else all in which were calls.")
@click.option("--confidence", type=click.FloatRange(0.5, 0.999), default=0.95, show_default=True)
@as_json
def holdout(names: tuple[str, ...], confidence: float, as_values: bool) -> None:
    """Compare accounts that may be called with those held out.

    By quarter and profile cell an account is drawn into the hold-out before anything else is asked. The report compares
    order days, revenue and retention of both arms, an account and quarter, with intervals in which rows of one account
    count as dependent. Accounts without an order in the year before a quarter are no customers yet and not counted.
    """
    settings = load_settings()
    with database(settings) as store:
        ledger = read_ledger(settings, store)
        share_of = shares(store, ledger)
    periods = _quarters(ledger, names)
    rows = rows_of(ledger, periods, share_of, settings.holdout_salt)
    if not rows:
        raise Refused("nothing_to_compare", f"no account was a customer in {', '.join(one.name for one in periods)}")
    found = estimates(rows, confidence)
    if as_values:
        click.echo(json.dumps(shown.holdout_values(found, periods, rows), indent=1))
        return
    for one in periods:
        until = "" if one.complete else f", as far as {one.end:%Y-%m-%d}: its hold-out is not over"
        click.echo(f"{one.name}: {sum(1 for row in rows if row.quarter == one.name):,} accounts{until}")
    Console(width=WIDTH, highlight=False).print(shown.holdout_table(found, rows))
    left = max((one.left_out for one in found.values() if one), default=0)
    click.echo(f"{left:,} rows are in cells with fewer than two accounts in an arm, and left out.")


@command.command()
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="First day; else 90 days before business time.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="The day after the last; else business time.")
@as_json
def outcomes(since: datetime | None, until: datetime | None, as_values: bool) -> None:
    """Say what became of tasks: conversion by profile, misses, tries given up, lost customers."""
    settings = load_settings()
    with database(settings) as store:
        ledger = read_ledger(settings, store)
        start, end = _span(ledger, since, until)
        with store.read() as tx:
            fates = (
                (one.account_id, one.task_class, one.state, one.outcome, one.attempts, one.created_at)
                for one in tx.reports.fates(start, end)
            )
            found = by_cell(fates, ledger)
            refused = dict(tx.needs.refused_counts())
    loss, mended = losses(ledger, start, end), mendings(ledger, start, end)
    if as_values:
        told = {"tasks": shown.fates_values(found), "lost": dict(loss.reasons), "unexplained": loss.unexplained}
        click.echo(json.dumps(told | {"fell_silent": loss.fell_silent, "refused": refused}, indent=1))
        return
    click.echo(f"Tasks opened from {start:%Y-%m-%d} until {end:%Y-%m-%d}")
    Console(width=WIDTH, highlight=False).print(shown.fates_table(found) if found else "No task was opened.")
    _block("Lost customers, by the newest word on each:", shown.loss_lines(loss))
    _block("Mended:", shown.mending_lines(mended))
    counts = sorted(refused.items(), key=lambda one: -one[1])
    _block("Needs that nobody acts on now, by reason:", [f"{count:>8,}  {reason}" for reason, count in counts])


@command.command()
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="First day; else 90 days before business time.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="The day after the last; else business time.")
@click.option("--confidence", type=click.FloatRange(0.5, 0.999), default=0.95, show_default=True)
@as_json
def suggestions(since: datetime | None, until: datetime | None, confidence: float, as_values: bool) -> None:
    """Say whether suggestions are accepted, by objective and profile, and why they are refused.

    Counts what was on the card of calls, spoken of or not. Shares are also given as if one mix of agents had made all
    suggestions; objectives are compared by the odds ratio over agents, each with its interval. For a share of accounts
    the objective is drawn at random; the same figures of these alone compare objectives on like accounts.
    """
    settings = load_settings()
    with database(settings) as store, store.read() as tx:
        start, end = _between(Desk(rules_from(settings)).business_time(tx), since, until)
        rows = tx.showings.shown(start, end)
    found = acceptance.by_objective(rows, confidence)
    ratios, reasons = acceptance.odds_ratios(rows, confidence), acceptance.refusals(rows)
    drawn = [row for row in rows if row.drawn]
    fair, fair_ratios = acceptance.by_objective(drawn, confidence), acceptance.odds_ratios(drawn, confidence)
    if as_values:
        values = suggested.values(found, ratios, reasons) | {"drawn": suggested.values(fair, fair_ratios, {})}
        click.echo(json.dumps(values, indent=1))
        return
    click.echo(f"Suggestions shown in calls from {start:%Y-%m-%d} until {end:%Y-%m-%d}")
    table = suggested.table(found, confidence) if found else "No call showed one."
    Console(width=WIDTH, highlight=False).print(table)
    _block("Odds of acceptance, by the same agents:", suggested.ratio_lines(ratios, confidence))
    if fair:
        click.echo("Where the objective was drawn at random, so that accounts are alike but for chance:")
        Console(width=WIDTH, highlight=False).print(suggested.table(fair, confidence))
        _block("Odds of acceptance there, by the same agents:", suggested.ratio_lines(fair_ratios, confidence))
    _block("Refused, by reason:", suggested.reason_lines(reasons))


@command.command()
@as_json
def emission(as_values: bool) -> None:
    """Say whether as many tasks open as is normal, and how many wait for want of people."""
    settings = load_settings()
    with database(settings) as store, store.read() as tx:
        told = Desk(rules_from(settings)).emission(tx)
    if told is None:
        raise Refused("no_time", "no partition has said its business time yet")
    if as_values:
        values = {"waiting": dict(told.waiting), "capacity": dict(told.behind), "stopped": told.stopped}
        click.echo(json.dumps(asdict(told.pace) | values, indent=1))
        return
    normal = "not known yet" if told.pace.normal is None else f"{told.pace.normal:,.0f}"
    click.echo(f"{told.pace.opened:,} tasks opened in the last 24 hours; normal is {normal}: {told.pace.verdict}")
    if told.stopped:
        click.echo("The kill switch is on: nobody is called.")
    for skill, count in sorted(told.waiting.items()):
        behind = told.behind.get(skill, 0)
        click.echo(f"{count:>8,}  wait for {skill}, {behind:,} of them with the reason {capacity.REASON}")


def _quarters(ledger: Ledger, names: Sequence[str]) -> list[Quarter]:
    wanted = list(names) or quarters_of_calls(ledger)
    if not wanted:
        raise Refused("no_calls", "nobody was called yet; name a quarter with --quarter to compare all the same")
    try:
        return [quarter(name, ledger.as_of) for name in sorted(set(wanted))]
    except ValueError as error:
        raise BadInput(str(error)) from None


def _span(ledger: Ledger, since: datetime | None, until: datetime | None) -> tuple[datetime, datetime]:
    return _between(ledger.as_of, since, until)


def _between(now: datetime | None, since: datetime | None, until: datetime | None) -> tuple[datetime, datetime]:
    end = until.replace(tzinfo=UTC) if until is not None else (now or datetime.now(UTC)) + timedelta(seconds=1)
    start = since.replace(tzinfo=UTC) if since is not None else end - SINCE
    if start >= end:
        raise BadInput("--since must come before --until")
    return start, end


def _block(title: str, lines: Sequence[str]) -> None:
    if lines:
        click.echo(f"\n{title}")
        for line in lines:
            click.echo(line)
