"""`ringahead doctor`: what is missing, and the command that mends it."""

import click
from rich.console import Console
from rich.markup import escape

from ops.checks import Check, Group, State
from ops.checks.survey import survey
from schemas.settings import Settings, load_settings

STYLES = {State.OK: "green", State.NOTE: "yellow", State.MISSING: "red"}


@click.command()
def command() -> int:
    """Say what is missing, with the command that mends it.

    Looks at this machine, the data folder, Kafka and PostgreSQL, and at what the tests need. Exit code 0 where
    the configured runtime (RINGAHEAD_RUNTIME, else embedded) has all it needs, otherwise 1. Changes nothing.
    """
    settings = load_settings()
    groups = survey(settings)
    out = Console(highlight=False, soft_wrap=True)
    for group in groups:
        _show(out, group)
    lacking = [group for group in groups if group.needed and not group.fine]
    out.print(_verdict(settings, lacking))
    return 1 if lacking else 0


def _show(out: Console, group: Group) -> None:
    out.print(f"[bold]{escape(group.title)}[/bold]")
    for check in group.checks:
        # What is missing for a purpose that is not ours is worth knowing, and no fault.
        state = State.NOTE if check.state is State.MISSING and not group.needed else check.state
        out.print(_line(check, state, "absent" if state is not check.state else state.value))
    out.print()


def _line(check: Check, state: State, word: str) -> str:
    line = f"  [{STYLES[state]}]{word:<8}[/] {check.topic:<12} {escape(check.says)}"
    return line + (f"\n{'':24}-> {escape(check.mend)}" if check.mend else "")


def _verdict(settings: Settings, lacking: list[Group]) -> str:
    if not lacking:
        return f"The {settings.runtime} runtime has all that it needs."
    topics = [check.topic for group in lacking for check in group.checks if check.state is State.MISSING]
    return f"The {settings.runtime} runtime lacks: {', '.join(topics)}."
