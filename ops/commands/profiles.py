"""`ringahead profiles`: what is done for which account, by version."""

import getpass
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from ops.embedded.installation import opened
from ops.embedded.profiles import FilePlace
from ops.profile_desk import answer, profiles_from
from ops.profile_edits import edited
from ops.running import ask
from schemas.errors import BadFile, BadInput
from schemas.settings import Settings, load_settings
from streams.embedded.lock import hold, owner_of

NAME = "ringahead profiles"
EDITS = click.option(
    "--set",
    "edits",
    multiple=True,
    metavar="CELL.FIELD=VALUE",
    help="Change one field of the set in force, or of FILE; * for every cell. May be repeated.",
)
FILE = click.argument("file", type=click.Path(path_type=Path), required=False)
BY = click.option("--by", metavar="NAME", help="Who changes it; you, unless said otherwise.")
NOTE = click.option("--note", default="", metavar="TEXT", help="Why; kept in the history.")


@click.group()
def command() -> None:
    """Show, try out and switch on policy profiles: what is done for small and large accounts in each phase.

    A set is a JSON file, as `show` prints it. `diff` says what another one would change, field by field and in tasks of
    accounts; `apply` switches it on, without a restart, and refuses it where somebody else has published a set since
    yours was taken. Every set stays in the history; `rollback` publishes an earlier one again.
    """


@command.command()
@click.argument("version", required=False)
def show(version: str | None) -> None:
    """Print a set as JSON: the last one, or VERSION."""
    click.echo(_do("show", version=version)["text"])


@command.command()
@FILE
@EDITS
@click.option("--accounts", default=10, show_default=True, type=click.IntRange(0), help="How many accounts to name.")
@click.option("--json", "as_json", is_flag=True, help="Print all of it as JSON.")
def diff(file: Path | None, edits: tuple[str, ...], accounts: int, as_json: bool) -> None:
    """Say what FILE, or --set, would change, before it is switched on.

    Every account is judged twice at the present business time, by the set in force and by yours as if it began now, on
    a copy of its state. Nothing is changed.
    """
    told = _do("diff", text=_proposed(file, edits))
    if as_json:
        click.echo(json.dumps(told, indent=1))
        return
    for path, before, after in told["differences"]:
        click.echo(f"{path}: {before} -> {after}")
    if not told["differences"]:
        click.echo(f"The same as {told['version']}, which is the last.")
    _print_trial(told["trial"], accounts)


@command.command()
@FILE
@EDITS
@BY
@NOTE
@click.option("--from", "begins", metavar="TIME", type=click.DateTime(), help="In force from then (UTC); else now.")
@click.option("--until", "ends", metavar="TIME", type=click.DateTime(), help="Then the set before comes back (UTC).")
@click.option("--instead", is_flag=True, help="In the place of sets whose dates overlap these.")
@click.option("--yes", is_flag=True, help="Do not try it out and ask first.")
def apply(
    file: Path | None,
    edits: tuple[str, ...],
    by: str | None,
    note: str,
    begins: datetime | None,
    ends: datetime | None,
    instead: bool,
    yes: bool,
) -> None:
    """Switch FILE on, or the set in force with --set; says first what that changes, and asks."""
    text = _proposed(file, edits, note=note, begins=begins, ends=ends)
    if not yes:
        told = _do("diff", text=text)
        for path, before, after in told["differences"]:
            click.echo(f"{path}: {before} -> {after}")
        _print_trial(told["trial"], 5)
        click.confirm("Switch it on?", abort=True)
    _say_published(_do("apply", text=text, actor=_who(by), instead=instead))


@command.command()
def history() -> None:
    """List every set that was published, newest first; * marks what is in force."""
    for page in _do("history")["pages"]:
        mark = "*" if page["in_force"] else " "
        until = f" until {_time(page['effective_until'])}" if page["effective_until"] else ""
        by = f" by {page['actor']}" if page["actor"] else ""
        back = " (rolled back)" if page["event"] == "profiles_rolled_back" else ""
        note = f": {page['note']}" if page["note"] else ""
        click.echo(f"{mark} {page['version']}  from {_time(page['effective_from'])}{until}{by}{back}{note}")


@command.command()
@click.argument("version", required=False)
@BY
@NOTE
def rollback(version: str | None, by: str | None, note: str) -> None:
    """Publish an earlier set again, from now on: VERSION, or the one before the last.

    It comes under a new version, in the place of whatever is planned for later.
    """
    _say_published(_do("rollback", version=version, actor=_who(by), note=note))


def _proposed(
    file: Path | None,
    edits: tuple[str, ...],
    note: str = "",
    begins: datetime | None = None,
    ends: datetime | None = None,
) -> str:
    """The set that is asked about, as JSON; from the last one where no file is named."""
    if file is None and not edits and begins is None and ends is None:
        raise click.UsageError("name a FILE, or a change with --set")
    try:
        text = _do("show")["text"] if file is None else file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadFile(f"{file} cannot be read: {error}") from None
    whole = edited(text, edits, fresh=file is None, note=note, begins=_utc(begins), ends=_utc(ends))
    profiles_from(whole)  # what is wrong with it is said here, before anybody is asked
    return whole


def _do(what: str, **told: Any) -> Mapping[str, Any]:
    settings = load_settings()
    asked = {"do": what, **{name: value for name, value in told.items() if value is not None}}
    return _kafka(settings, asked) if settings.runtime == "kafka" else _embedded(settings, asked)


def _embedded(settings: Settings, asked: Mapping[str, Any]) -> Mapping[str, Any]:
    owner = owner_of(settings.data_dir)
    if owner is not None:
        return ask(owner, "profiles", asked)
    if not settings.sqlite_path.exists():
        raise BadInput(f"there is no installation at {settings.sqlite_path}; `ringahead serve` makes one")
    with hold(settings.data_dir, NAME), opened(settings) as installation:
        return answer(FilePlace(installation, installation.runtime.fold_all), asked)


def _kafka(settings: Settings, asked: Mapping[str, Any]) -> Mapping[str, Any]:
    from ops.kafka_profiles import KafkaPlace  # the Kafka client is not needed elsewhere here

    place = KafkaPlace(settings)
    try:
        return answer(place, asked)
    finally:
        place.close()


def _print_trial(trial: Mapping[str, Any], named: int) -> None:
    if trial["undecided"] and not trial["accounts"]:
        click.echo("Nothing is decided here yet: bring orders in, then `ringahead learn`.")
        return
    click.echo(f"{trial['accounts']:,} accounts judged as of now, nothing changed:")
    for what in ("added", "withdrawn"):
        part = trial[what]
        kinds = ", ".join(f"{kind} {count:,}" for kind, count in part["by_kind"].items())
        told = f"{part['tasks']:,} tasks of {part['accounts']:,} accounts would be {what}"
        click.echo(f"  {told}{f' ({kinds})' if kinds else ''}")
        for account, work, lines in part["first"][:named]:
            click.echo(f"    {account}  {work}: {lines}")
    for cell, new, count in trial["moved"]:
        click.echo(f"  {count:,} accounts would go from {cell} to {new}")
    click.echo(
        f"  open tasks {trial['open_before']:,} -> {trial['open_after']:,}, "
        f"refused needs {trial['refused_before']:,} -> {trial['refused_after']:,}"
    )


def _say_published(told: Mapping[str, Any]) -> None:
    until = f" until {_time(told['effective_until'])}" if told["effective_until"] else ""
    click.echo(f"{told['version']} (after {told['based_on']}) is in force from {_time(told['effective_from'])}{until}")


def _who(by: str | None) -> str:
    return by or getpass.getuser()


def _utc(at: datetime | None) -> datetime | None:
    return None if at is None else at.replace(tzinfo=UTC)


def _time(told: str) -> str:
    return f"{datetime.fromisoformat(told):%Y-%m-%d %H:%M}"
