"""What every page gets: the services of this process, and the frame around the page."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from console.access import Access
from console.counting import Counted
from console.desk_figures import DeskFigures, Remembered
from console.feed import Feed
from console.gate import Principal
from console.links import Signer
from console.numbers import dialled, spaced
from console.oidc import Issuer
from console.ports import AcceptEvents, AdminCalls, Clock, LagSource, OffsetResets, WorkerSource
from console.repeats import Repeats
from console.roles import allowed_roles
from console.texts import named, plain, text
from console.times import Now, moment_text, now_for
from console.wallboard import Wall
from outreach.desk import Desk
from outreach.ports import Store, Transaction
from schemas.settings import Settings
from streams.letters import LetterDesk
from streams.telemetry.exposition import Exposition

PLACES = (("/agent", "nav.agent"), ("/team", "nav.team"), ("/operator", "nav.operator"), ("/accounts", "nav.accounts"))


@dataclass(frozen=True)
class Console:
    """Built once in `console.app.build`; handlers find it with `Services`."""

    settings: Settings
    store: Store
    desk: Desk
    access: Access
    feed: Feed
    lag: LagSource
    clock: Clock
    accept_events: AcceptEvents | None
    admin: AdminCalls
    templates: Environment
    figures: Remembered[DeskFigures]
    metrics: Exposition
    letters: LetterDesk | None
    resets: OffsetResets | None
    workers: WorkerSource
    issuer: Issuer | None
    signer: Signer | None
    """Of links to accounts' own pages; None: there are none."""
    wall: Remembered[Wall | None]
    reports: Counted
    repeats: Repeats = field(default_factory=Repeats)

    def now(self, tx: Transaction) -> Now | None:
        """Business time for a page."""
        return now_for(self.desk.business_time(tx), self.clock())

    def render(self, name: str, **context: Any) -> str:
        """A template filled in."""
        return self.templates.get_template(name).render(**context)

    def page(self, name: str, *, me: Principal, tx: Transaction, here: str, **context: Any) -> HTMLResponse:
        """A whole page with its frame; it goes on from the newest change that it can know of."""
        now = self.now(tx)
        frame = {
            "me": me,
            "here": here,
            "places": [(place, text(key)) for place, key in PLACES if me.role in (allowed_roles("GET", place) or ())],
            "business_time": moment_text(now.moment) if now else "",
            "after": tx.audit.newest(),
            "made": "",
        }
        return HTMLResponse(self.render(name, **{**frame, **context}))


def environment() -> Environment:
    """Templates: everything escaped, and a name that is not there is an error."""
    made = Environment(
        loader=PackageLoader("console"),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["t"] = text
    made.filters["plain"] = plain
    made.filters["dialled"] = dialled
    made.filters["number"] = spaced
    made.filters["named"] = named
    return made


def _console(request: Request) -> Console:
    console: Console = request.app.state.console
    return console


def _me(request: Request) -> Principal:
    principal: Principal = request.state.principal
    return principal


Services = Annotated[Console, Depends(_console)]
Me = Annotated[Principal, Depends(_me)]
Handler = Callable[..., Any]
