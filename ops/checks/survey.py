"""All checks, grouped by what they are needed for."""

from ops.checks import Check, Group, database, machine, note, ok, servers
from schemas.settings import Settings
from streams.embedded.lock import Owner, owner_of


def survey(settings: Settings) -> tuple[Group, ...]:
    """Look at everything; takes seconds where a server does not answer."""
    embedded = settings.runtime == "embedded"
    title = "Embedded runtime: one process, one file"
    return (
        Group("This machine", _machine(settings), needed=True),
        Group(title + _configured(embedded), _embedded(settings), needed=embedded),
        Group("Kafka runtime" + _configured(not embedded), _kafka(settings), needed=not embedded),
        Group("Tests with servers (make test-all)", _development(), needed=False),
    )


def _configured(is_it: bool) -> str:
    return " (the one that is configured)" if is_it else " (not configured)"


def _machine(settings: Settings) -> tuple[Check, ...]:
    return machine.python(), machine.time_zones(), machine.data_folder(settings.data_dir)


def _embedded(settings: Settings) -> tuple[Check, ...]:
    owner = owner_of(settings.data_dir)
    place = settings.console_host, settings.console_port
    port = machine.port(*place, ours=owner is not None, bindable=machine.can_bind)
    return machine.sqlite(settings.data_dir), _lock(owner), port, *database.sqlite_file(settings)


def _lock(owner: Owner | None) -> Check:
    if owner is None:
        return ok("Data lock", "free: no command is using the data folder")
    return note("Data lock", f"held by `{owner.command}`, process {owner.pid}", f"to stop it: kill {owner.pid}")


def _kafka(settings: Settings) -> tuple[Check, ...]:
    return *servers.kafka(settings), *servers.postgres(settings)


def _development() -> tuple[Check, ...]:
    return (
        machine.java(),
        machine.tool("Maven", ("mvn",), "apt-get install maven, or brew install maven; or use Docker"),
        machine.tool("PostgreSQL", ("postgres", "pg_ctl"), "apt-get install postgresql; or use Docker"),
        machine.tool("Chromium", machine.BROWSERS, "apt-get install chromium"),
    )
