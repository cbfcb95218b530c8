"""What is done with policy profiles, wherever the installation runs: show, history, try out, publish, roll back.

Commands ask with a JSON object and are answered with one, so that a running `ringahead serve` answers for its file as
the command itself does while nothing runs, and as it does for the Kafka runtime.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

from ops.profile_edits import edited
from outreach import profiles as policy
from outreach.desk import policies
from outreach.ports import Store, Transaction
from outreach.profiles import ProfileSet
from schemas.envelope import Event
from schemas.errors import ArtefactRefused, BadInput, NotFound, Refused
from streams.learning import stored_profiles_event
from streams.trial import Trial, Work

MOST_NAMED = 200
"""Accounts that an answer names; the totals are of all."""
Asked = Mapping[str, Any]


class Place(Protocol):
    """Where the profiles, the log and the states lie."""

    @property
    def store(self) -> Store: ...

    def now(self, tx: Transaction) -> datetime:
        """Business time, or the wall's hour before there is one."""
        ...

    def put_in_force(self, event: Callable[[Transaction], Event]) -> None:
        """Do this in a transaction, and append the event to the log."""
        ...

    def try_out(self, proposed: ProfileSet) -> Trial:
        """See `streams.trial`."""
        ...


def answer(place: Place, asked: Asked) -> Mapping[str, Any]:
    """Do what was asked by ``do``; raises BadInput, Refused, NotFound, Unavailable."""
    deeds = {"show": _show, "history": _history, "diff": _diff, "apply": _apply, "rollback": _roll_back}
    deed = deeds.get(str(asked.get("do")))
    if deed is None:
        raise BadInput(f"do is one of {', '.join(deeds)}")
    return deed(place, asked)


def profiles_from(text: str) -> ProfileSet:
    """A set from its JSON; raises BadInput with the first fault's place."""
    try:
        return policy.loads(text.encode())
    except ArtefactRefused as error:
        raise BadInput(str(error)) from None


def _show(place: Place, asked: Asked) -> Mapping[str, Any]:
    with place.store.read() as tx:
        book = policies.pages(tx)
        wanted = asked.get("version") or (book[0].version if book else None)
        page = next((one for one in book if one.version == wanted), None)
        if page is None:
            raise NotFound("no_such_profiles", f"no set {wanted or ''} was published".replace("  ", " "))
        return {"version": page.version, "text": policies.load(tx, page.digest).dumps().decode()}


def _history(place: Place, asked: Asked) -> Mapping[str, Any]:
    del asked
    with place.store.read() as tx:
        digests = {clock.profiles_digest for clock in tx.clocks.all()}
        rows = [
            {
                "version": page.version,
                "at": page.at.isoformat(),
                "actor": page.actor,
                "event": page.event,
                "effective_from": page.effective_from.isoformat(),
                "effective_until": None if page.effective_until is None else page.effective_until.isoformat(),
                "note": page.note,
                "in_force": page.digest in digests,
            }
            for page in policies.pages(tx)
        ]
    return {"pages": rows}


def _diff(place: Place, asked: Asked) -> Mapping[str, Any]:
    proposed = _proposed(place, asked)
    with place.store.read() as tx:
        current = tx.artefacts.current(policies.SUBJECT)
        if current is None:
            raise NotFound("no_profiles", "no profiles are in force yet")
        changed = policies.differences(policies.load(tx, current[1]), proposed)
    return {
        "version": current[0],
        "differences": [list(one) for one in changed],
        "trial": told(place.try_out(proposed)),
    }


def _proposed(place: Place, asked: Asked) -> ProfileSet:
    """The set that is asked about: its JSON, or ``edits`` of the last one, which must still be ``version`` if named."""
    edits = asked.get("edits")
    if edits is None:
        return profiles_from(str(asked.get("text", "")))
    last = _show(place, {})
    tried_on = asked.get("version")
    if tried_on and tried_on != last["version"]:
        raise Refused("profiles_changed", f"{last['version']} was published since you tried this on {tried_on}")
    return profiles_from(edited(last["text"], list(map(str, edits)), fresh=True, note=str(asked.get("note") or "")))


def _apply(place: Place, asked: Asked) -> Mapping[str, Any]:
    proposed = _proposed(place, asked)

    def publish(tx: Transaction, at: datetime) -> tuple[ProfileSet, str]:
        return policies.publish(tx, proposed, at, _actor(asked), instead=bool(asked.get("instead")))

    return _published(place, publish)


def _roll_back(place: Place, asked: Asked) -> Mapping[str, Any]:
    version = asked.get("version")

    def publish(tx: Transaction, at: datetime) -> tuple[ProfileSet, str]:
        wanted = None if version is None else str(version)
        return policies.roll_back(tx, wanted, at, _actor(asked), str(asked.get("note") or ""))

    return _published(place, publish)


def _published(place: Place, publish: Callable[[Transaction, datetime], tuple[ProfileSet, str]]) -> Mapping[str, Any]:
    kept: list[ProfileSet] = []

    def event(tx: Transaction) -> Event:
        at = place.now(tx)
        profiles, digest = publish(tx, at)
        kept.append(profiles)
        return stored_profiles_event(profiles.version, digest, at)

    place.put_in_force(event)
    new = kept[-1]
    return {
        "version": new.version,
        "based_on": new.based_on,
        "effective_from": new.effective_from.astimezone(UTC).isoformat(),
        "effective_until": None if new.effective_until is None else new.effective_until.isoformat(),
    }


def _actor(asked: Asked) -> str:
    return str(asked.get("actor") or "somebody")[:64]


_NUMBERS = ("accounts", "undecided", "open_before", "open_after", "refused_before", "refused_after")


def told(trial: Trial) -> Mapping[str, Any]:
    """A trial as JSON: totals by kind, and the first accounts by name."""
    return {
        **{name: getattr(trial, name) for name in _NUMBERS},
        "added": _work(trial.added),
        "withdrawn": _work(trial.withdrawn),
        "moved": [[cell, new, count] for (cell, new), count in sorted(trial.moved.items())],
    }


def _work(work: Mapping[Work, Counter[str]]) -> Mapping[str, Any]:
    kinds: Counter[str] = sum(work.values(), Counter())
    by_what = Counter(one.what for one in work)
    return {
        "tasks": len(work),
        "accounts": len({one.account_id for one in work}),
        "by_what": dict(sorted(by_what.items())),
        "by_kind": dict(sorted(kinds.items())),
        "first": [_named(one, work[one]) for one in sorted(work)[:MOST_NAMED]],
    }


def _named(one: Work, kinds: Counter[str]) -> Sequence[str]:
    return one.account_id, one.what, ", ".join(sorted(kinds))
