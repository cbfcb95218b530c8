"""The command line: ``ringahead COMMAND``. Exit codes: 0 done, 1 failed, 2 bad input."""

import pkgutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec

import click

import ops.commands
from ops.errors import explain

PACKAGE = "ops.commands"


@dataclass(frozen=True, slots=True)
class Entry:
    """A command as the help page lists it; its module is imported only when it is called."""

    name: str
    says: str

    @property
    def module(self) -> str:
        """Where its ``command`` is defined."""
        word = self.name.replace("-", "_")
        return f"{PACKAGE}.import_" if word == "import" else f"{PACKAGE}.{word}"


SECTIONS: tuple[tuple[str, tuple[Entry, ...]], ...] = (
    (
        "Start here",
        (
            Entry("demo", "Play a wholesaler's year, print what was found, serve the console."),
            Entry("serve", "Run everything in one process on one SQLite file (embedded runtime)."),
            Entry("doctor", "Say what is missing, with the command that mends it."),
        ),
    ),
    (
        "Files in, files out",
        (
            Entry("import", "Bring in orders from a CSV or Parquet file."),
            Entry("contacts", "Bring in contacts and the do-not-call list from CSV files."),
            Entry("forecast", "Forecast from a file of orders when each account orders next."),
            Entry("backtest", "Judge forecasts on past days, beside simpler ones."),
            Entry("recommend", "Suggest from a file of orders what else each account would buy."),
        ),
    ),
    (
        "Run an installation",
        (
            Entry("learn", "Fit models on everybody's orders and publish them."),
            Entry("suggest", "Keep suggestions from similar customers up to date."),
            Entry("model", "Print the card of the model in force, or check a model's file."),
            Entry("profiles", "Show, check, try out and switch on policy profiles."),
            Entry("rules", "List the calling rules, or say what they make of one place."),
            Entry("report", "Say whether calling pays, what became of tasks, what is normal."),
            Entry("team", "Set queues, and agents with their skills and shifts."),
            Entry("links", "Make and revoke links with which an account sees its own page."),
            Entry("users", "Add people, set their roles, make login links."),
            Entry("keys", "Make, list and revoke API keys."),
            Entry("explain", "Say why a task is there: forecast, versions, events behind it, decisions since."),
            Entry("erase", "Delete an account's people, cancel its tasks, never contact it again."),
            Entry("replay", "Fold the log anew and compare: the same events give the same tasks."),
            Entry("rebuild", "Build the state again from the log beside the live one, compare, switch."),
            Entry("migrate", "Bring the database to this version."),
        ),
    ),
    (
        "Look after it",
        (
            Entry("lag", "Say how far each consumer group is behind, and how it does."),
            Entry("dead-letters", "List, edit, replay and discard messages that could not become facts."),
            Entry("audit", "Verify that the history is whole, and read it."),
            Entry("reset", "Set a group's offsets, after a dry run."),
        ),
    ),
    (
        "Processes of the Kafka runtime",
        (
            Entry("topics", "Compare the topics with the catalogue, and create what is missing."),
            Entry("worker", "Ingest events, keep account state, decide (Faust)."),
            Entry("desk", "Turn needs into tasks in PostgreSQL, send what leaves the outbox."),
            Entry("archive", "Copy the log into the database, by account: what accounts' pages show."),
            Entry("tick", "Write business time to every partition each hour."),
            Entry("console", "Serve the web console and the API."),
        ),
    ),
)
LISTED = {entry.name: entry for _, entries in SECTIONS for entry in entries}


class LazyGroup(click.Group):
    """Commands by name from ``ops.commands``; a module that is missing or broken harms no other command."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Listed commands first, in the order of the help page; then any other module of the package."""
        modules = (module.name for module in pkgutil.iter_modules(ops.commands.__path__))
        found = {_spelt(name) for name in modules if not name.startswith("_")}
        return [name for name in LISTED if name in found] + sorted(found - set(LISTED))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported now; None where there is no such module."""
        entry = Entry(cmd_name, "")
        if not cmd_name.replace("-", "").isalnum() or find_spec(entry.module) is None:
            return None
        command: click.Command = import_module(entry.module).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Commands by what one wants to do, without importing those that are listed."""
        names = self.list_commands(ctx)
        others = [(name, self._short_help(ctx, name)) for name in names if name not in LISTED]
        for title, entries in SECTIONS:
            _section(formatter, title, [(entry.name, entry.says) for entry in entries if entry.name in names])
        _section(formatter, "Also", others)

    def _short_help(self, ctx: click.Context, name: str) -> str:
        try:
            command = self.get_command(ctx, name)
        except Exception as error:
            return f"(cannot be loaded: {type(error).__name__})"
        return command.get_short_help_str(limit=100) if command else ""


def _section(formatter: click.HelpFormatter, title: str, rows: list[tuple[str, str]]) -> None:
    if rows:
        with formatter.section(title):
            formatter.write_dl(rows)


def _spelt(module: str) -> str:
    """A module's name as it is typed: ``import_`` is ``import``, ``dead_letters`` is ``dead-letters``."""
    return module.rstrip("_").replace("_", "-")


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="ringahead", message="%(prog)s %(version)s")
@click.option("--traceback", is_flag=True, help="Show where an error came from, not only its one line.")
def cli(traceback: bool) -> None:
    """Calls a distributor's customers before they run out.

    Orders and meter readings come in as events; Ringahead forecasts when each account needs what, and opens a
    call task with its reason, or says why not. For a first look: `ringahead demo`. Settings are environment
    variables that start with RINGAHEAD_; with none set everything lives in one file under ./var.
    """


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code; an error that we know is one line on stderr."""
    try:
        result = cli.main(list(arguments), prog_name="ringahead", standalone_mode=False)
    except click.exceptions.Abort:
        click.echo("ringahead: stopped", err=True)
        return 1
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except Exception as error:
        known = explain(error)
        if known is None or "--traceback" in arguments:
            raise
        click.echo(f"ringahead: {known.line}", err=True)
        return known.exit_code
    return result if isinstance(result, int) else 0


def main() -> None:
    """Entry point of the ``ringahead`` script."""
    sys.exit(run(sys.argv[1:]))
