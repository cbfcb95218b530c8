"""A team as a TOML file: queues, and agents with skills, queues and shifts. Refused whole with the first fault."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, ValidationError, field_validator, model_validator

from outreach.desk import Desk
from outreach.hours import known_zone
from outreach.ports import Transaction
from outreach.records import Queue
from outreach.shifts import checked
from schemas.base import Code, Identifier, Message
from schemas.decisions import TaskClass
from schemas.errors import BadFile, BadInput, Refused
from schemas.events.accounts import Size

Words = tuple[Code, ...]


class QueueEntry(Message):
    """A part of the work; an empty list takes everything."""

    id: Code
    name: str = Field(default="", max_length=200)
    classes: tuple[TaskClass, ...] = ()
    skills: Words = ()
    countries: tuple[Annotated[str, Field(pattern="^[A-Z]{2}$")], ...] = ()
    regions: Words = ()
    sizes: tuple[Size, ...] = ()
    place: int = Field(default=1, ge=0, le=1000)


class AgentEntry(Message):
    """An agent by the name with which he logs in."""

    name: Identifier
    skills: Words | None = None
    queues: Words = ()
    shifts: tuple[str, ...] = ()
    zone: str = "UTC"

    @field_validator("zone")
    @classmethod
    def _is_place(cls, zone: str) -> str:
        if known_zone(zone) is None:
            raise ValueError("no IANA zone of a place")
        return zone

    @field_validator("shifts")
    @classmethod
    def _are_shifts(cls, shifts: tuple[str, ...]) -> tuple[str, ...]:
        try:
            return checked(shifts)
        except BadInput as error:
            raise ValueError(str(error)) from None


class Team(Message):
    """The whole file."""

    queues: tuple[QueueEntry, ...] = ()
    agents: tuple[AgentEntry, ...] = ()

    @model_validator(mode="after")
    def _queues_exist(self) -> Self:
        known = {queue.id for queue in self.queues}
        if len(known) != len(self.queues):
            raise ValueError("a queue is given twice")
        for agent in self.agents:
            missing = sorted(set(agent.queues) - known)
            if missing:
                raise ValueError(f"{agent.name} works in {missing[0]}, which is no queue of this file")
        return self


def read_team(path: Path) -> Team:
    """The file; raises BadFile with the place of the first fault."""
    try:
        return parsed(tomllib.loads(path.read_text("utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, BadInput) as error:
        raise BadFile(f"{path}: {error}") from error


def parsed(told: Mapping[str, Any]) -> Team:
    """A team from plain values; raises BadInput."""
    try:
        return Team.model_validate(told)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise BadInput(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None


def put_team(tx: Transaction, desk: Desk, team: Team, actor: str) -> tuple[int, int]:
    """These are now all queues, and the agents have what the file says; (queues, agents). Raises Refused."""
    queues = [
        Queue(one.id, one.name, one.classes, one.skills, one.countries, one.regions, one.sizes, one.place)
        for one in team.queues
    ]
    kept = desk.put_queues(tx, queues, actor)
    for agent in team.agents:
        user = tx.users.named(agent.name)
        if user is None:
            raise Refused("no_such_user", f"{agent.name}: add it with `ringahead users add`")
        known = tx.agents.get(user.user_id)
        state = known.state if known else "off"
        desk.set_agent(tx, user.user_id, state, agent.skills, queues=agent.queues, shifts=agent.shifts, zone=agent.zone)
    return kept, len(team.agents)
