"""`ringahead rebuild`: build the state again from the log, compare, switch."""

import getpass
import json
from collections.abc import Mapping
from typing import Any

import click

from ops.progress import progress
from schemas.errors import BadInput, Refused
from schemas.settings import Settings, load_settings

NAME = "ringahead rebuild"
SWITCH_ASKS = "Switch to the rebuilt state, and tell the desk what differs?"


@click.command()
@click.option("--switch", is_flag=True, help="Make the rebuilt state the live one, and tell the desk what differs.")
@click.option("--yes", is_flag=True, help="Do not ask before the switch.")
@click.option("--anew", is_flag=True, help="Begin again, instead of going on with what was rebuilt before.")
@click.option("--back", is_flag=True, help="Take the generation before the last switch instead of a rebuilt one.")
@click.option("--drop", is_flag=True, help="Remove what is kept of generations that are not in force, and end.")
@click.option("--give-up", is_flag=True, help="Let workers start after a switch that came to nothing, and end.")
@click.option("--by", help="Who switches, for the audit; you, if it is left out.")
@click.option("--json", "as_json", is_flag=True, help="Print the comparison as JSON.")
def command(
    switch: bool, yes: bool, anew: bool, back: bool, drop: bool, give_up: bool, by: str | None, as_json: bool
) -> int:
    """Build the state of every account again from the log, beside the live one, and compare the two.

    Nothing is told to anybody and nothing is changed meanwhile; live events go on. What was rebuilt is kept, so that
    the next call only catches up. Exit code 1: they differ. With --switch the rebuilt state becomes the live one, and
    the desk hears what it does not know, and nothing else. The log must reach back to its beginning.
    """
    settings = load_settings()
    if anew and back:
        raise BadInput("--anew begins from nothing, --back from the generation before: choose one")
    place = _place(settings)
    if give_up:
        place.give_up(settings)
        return 0
    if drop:
        click.echo(f"{place.drop(settings)} removed")
        return 0
    if back:
        place.take_up(settings)
    with progress("Folding") as advance:
        found = place.compare(settings, anew, advance)
    if as_json:
        click.echo(json.dumps(found, indent=2))
    else:
        say(found)
    if not switch:
        return 0 if _is_equal(found) else 1
    if not yes and not click.confirm(SWITCH_ASKS):
        raise Refused("not_confirmed", "nothing was changed; what was rebuilt is kept")
    with progress("Catching up") as advance:
        done = place.switch(settings, by or getpass.getuser(), advance)
    click.echo(f"generation {done['generation']} is in force; the one before is kept until `ringahead rebuild --drop`")
    return 0


def say(found: Mapping[str, Any]) -> None:
    """A comparison for people."""
    accounts = sum(found[name] for name in ("equal", "different", "missing", "unknown"))
    click.echo(
        f"{accounts:,} accounts: {found['equal']:,} equal, {found['different']:,} different, "
        f"{found['missing']:,} only rebuilt, {found['unknown']:,} only live"
    )
    if found["unreadable"]:
        click.echo(f"  {found['unreadable']:,} of the different ones cannot be read")
    if found["partitions"]:
        click.echo(f"  {found['partitions']:,} partitions differ in what concerns everybody")
    for name, count in list(found["fields"].items())[:10]:
        click.echo(f"  {name}: differs in {count:,} accounts")
    for one in found["first"]:
        click.echo(f"    {one['account_id']}  {one['field']}: live {one['live']}, rebuilt {one['rebuilt']}")
    click.echo(
        f"the desk would hear of {found['opens']:,} needs to open, {found['withdraws']:,} to withdraw, "
        f"{found['refuses']:,} refused, {found['standings']:,} standings"
    )
    click.echo("equal" if _is_equal(found) else "different")


def _is_equal(found: Mapping[str, Any]) -> bool:
    return not any(found[name] for name in ("different", "missing", "unknown", "partitions"))


def _place(settings: Settings) -> Any:
    if settings.runtime == "kafka":
        from ops import kafka_rebuilding  # the Kafka client is not needed elsewhere here

        return kafka_rebuilding
    from ops.embedded import rebuilding_place

    return rebuilding_place
