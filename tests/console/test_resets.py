"""The page of offset resets: a dry run, then the deed, and what refuses it."""

from dataclasses import dataclass, field

import pytest

from schemas.errors import BadInput, Refused
from streams.lag.resets import PartitionReset, ResetAsked, ResetPlan, compact, within
from tests.console.conftest import Site


@dataclass
class Resets:
    """Plans for one partition, and remembers what was done."""

    members: int = 0
    done: list[tuple[ResetAsked, str]] = field(default_factory=list)

    def plan(self, asked: ResetAsked) -> ResetPlan:
        to = asked.offset if asked.offset is not None else 0
        parts = (PartitionReset("ringahead.needs", 0, 30, 5, 40, within(to, 5, 40)),)
        return ResetPlan(asked.group, self.members, parts, ("What it means.",))

    def reset(self, asked: ResetAsked, actor: str) -> ResetPlan:
        plan = self.plan(asked)
        if plan.refused:
            raise Refused("group_has_members", plan.refused)
        self.done.append((asked, actor))
        return plan


@pytest.fixture
def resets(site: Site) -> Resets:
    made = Resets()
    object.__setattr__(site.app.state.console, "resets", made)
    return made


FORM = {"group": "desk", "where": "offset", "offset": "12", "at": "", "topic": ""}


def test_a_dry_run_changes_nothing_and_the_deed_is_kept(site: Site, resets: Resets) -> None:
    caller = site.as_role("operator", "/operator/resets")
    planned = caller.post("/operator/resets/plan", data=FORM).text
    assert "What it means." in planned
    assert "18 offsets are read again, 0 skipped. Nothing was changed yet." in planned
    assert not resets.done
    assert "Done: 18 offsets" in caller.post("/operator/resets/do", data=FORM).text
    assert [(asked.offset, actor) for asked, actor in resets.done] == [(12, "operator-1")]


def test_a_group_with_members_is_refused(site: Site, resets: Resets) -> None:
    resets.members = 2
    caller = site.as_role("operator", "/operator/resets")
    assert "has 2 members" in caller.post("/operator/resets/plan", data=FORM).text
    assert "It cannot be done now" in caller.post("/operator/resets/do", data=FORM).text
    assert not resets.done


@pytest.mark.parametrize("wrong", [{"where": "offset", "offset": ""}, {"where": "time", "at": "soon"}])
def test_half_a_wish_is_told(site: Site, resets: Resets, wrong: dict[str, str]) -> None:
    caller = site.as_role("operator", "/operator/resets")
    assert "It cannot be done now" in caller.post("/operator/resets/do", data={**FORM, **wrong}).text


def test_where_nothing_can_be_reset_the_page_says_so(site: Site) -> None:
    caller = site.as_role("operator", "/operator")
    assert "there is no offset to reset" in caller.get("/operator/resets").text
    assert caller.post("/operator/resets/do", data=FORM).status_code == 404


@pytest.mark.parametrize(
    ("committed", "to", "again", "skipped"), [(30, 12, 18, 0), (30, 40, 0, 10), (None, 20, 0, 15), (2, 5, 0, 0)]
)
def test_what_is_read_again_and_what_is_skipped(committed: int | None, to: int, again: int, skipped: int) -> None:
    one = PartitionReset("t", 0, committed, 5, 40, to)
    assert (one.read_again, one.skipped) == (again, skipped)


def test_words_for_the_audit_and_limits() -> None:
    parts = [PartitionReset("t", 0, None, 5, 40, 5), PartitionReset("t", 1, 7, 0, 9, 9)]
    assert compact(parts, after=False) == "t/0=none t/1=7"
    assert compact(parts, after=True) == "t/0=5 t/1=9"
    assert (within(-1, 5, 40), within(99, 5, 40)) == (5, 40)
    with pytest.raises(BadInput):
        ResetAsked("g", "time")
    with pytest.raises(BadInput):
        ResetAsked("g", "end", offset=3)
