"""`ringahead team FILE`: queues and agents, with skills and shifts."""

from pathlib import Path

import click

from ops.embedded.installation import opened
from ops.running import ask
from ops.team_file import put_team, read_team
from outreach.desk import Desk, rules_from
from outreach.store.migrate import require_current
from outreach.store.sql import store_for
from schemas.errors import Misconfigured
from schemas.settings import Settings, load_settings
from streams.embedded.lock import hold, owner_of

NAME = "ringahead team"


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--check", is_flag=True, help="Only say whether FILE could be used.")
def command(file: Path, check: bool) -> None:
    """Set queues and agents from a TOML file.

    [[queues]] have an id and take tasks by classes, skills, countries, regions and sizes; the one with the smallest
    place wins, and what none takes is everybody's. [[agents]] have the name of a user, skills, queues, shifts such as
    "mon 08:00-16:30", and the zone of these. The file's queues are all there are; agents it does not name stay.
    """
    team = read_team(file)
    if check:
        click.echo(f"{file.name} can be used: {len(team.queues)} queues, {len(team.agents)} agents")
        return
    queues, agents = _put(load_settings(), team.model_dump(mode="json"), file)
    click.echo(f"{queues} queues, {agents} agents")


def _put(settings: Settings, told: dict[str, object], file: Path) -> tuple[int, int]:
    team = read_team(file)
    if settings.runtime == "kafka":
        if settings.database_url is None:
            raise Misconfigured("set RINGAHEAD_DATABASE_URL to the PostgreSQL that the desk writes to")
        store = store_for(settings.sqlalchemy_url)
        try:
            require_current(store.engine)
            with store.begin() as tx:
                return put_team(tx, Desk(rules_from(settings)), team, NAME)
        finally:
            store.close()
    owner = owner_of(settings.data_dir)
    if owner is not None:
        answer = ask(owner, "team", told)
        return int(answer["queues"]), int(answer["agents"])
    with hold(settings.data_dir, NAME), opened(settings) as there, there.store.begin() as tx:
        return put_team(tx, there.desk, team, NAME)
