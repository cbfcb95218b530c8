"""Value and quantity in words, with every part."""

from datetime import UTC, datetime
from typing import Any

from console.worth import quantity_words, value_rows
from outreach.desk import AccountRecord
from outreach.records import ReorderState, ReorderTask
from schemas.needs import AccountStanding, AccountValue, Evidence, Place, QuantityParts
from tests.console.conftest import Site

NOW = datetime(2026, 4, 1, tzinfo=UTC)


def valued(account: str = "a", **more: Any) -> AccountStanding:
    parts: dict[str, Any] = {
        "yearly_spend": 12_000.0,
        "margin_share": 0.3,
        "p_alive": 0.9,
        "retention_share": 0.8,
        "capital_cost_share": 0.07,
        "years": 5,
        "value": 7_400.0,
        **more,
    }
    place = Place(partition=0, offset=0)
    return AccountStanding(account_id=account, account_version=99, at=NOW, place=place, value=AccountValue(**parts))


def words(standing: AccountStanding | None) -> dict[str, str]:
    empty: tuple[()] = ()
    return dict(value_rows(AccountRecord("a", standing, *([empty] * 7))))


def test_value_in_words() -> None:
    told = words(valued())
    assert told["Value"] == "7,400 = 90% alive x the margin of 5 years"
    assert told["Margin"].startswith("30.0%, as the profiles say")
    assert "Share of wallet" not in told
    assert "Cost of winning it" not in told


def test_what_is_known_of_the_account_itself_is_said() -> None:
    known = {"wallet_yearly": 48_000.0, "wallet_share": 0.25, "headroom_share": 0.1}
    told = words(valued(margin_known=True, acquisition_cost=300.0, **known))
    assert told["Margin"] == "30.0%, of its own products"
    assert told["Share of wallet"] == "25% of 48,000 a year; 10% of the rest is counted"
    assert told["Cost of winning it"] == "300, spent already"


def test_who_was_never_valued_has_no_rows() -> None:
    assert words(None) == {}
    assert words(valued().model_copy(update={"value": None})) == {}


def reorder(**parts: Any) -> ReorderTask:
    quantity = QuantityParts(
        **{
            "units_a_day": 1.0,
            "lead_time_days": 2.0,
            "cover_days": 30.0,
            "service_level": 0.5,
            "demand_units": 32.0,
            "safety_units": 0.0,
            "stock_units": 4.0,
            "net_units": 28.0,
            "quantity_units": 28.0,
            **parts,
        }
    )
    said = {"model_version": "m", "profiles_version": "p", "profile": "large-maintenance", "method": "renewal"}
    evidence = Evidence(as_of=NOW, quantity=quantity, **said)
    ids = {"reorder_id": "r", "need_id": "n", "account_id": "a", "group": "g", "group_name": ""}
    times = {"created_at": NOW, "changed_at": NOW, "valid_until": NOW}
    raw = evidence.model_dump_json(exclude_none=True)
    return ReorderTask(
        **ids,
        **times,
        state=ReorderState.PROPOSED,
        version=1,
        account_version=1,
        quantity_units=28.0,
        edited=False,
        evidence_json=raw,
    )


def test_a_quantity_in_words() -> None:
    assert quantity_words(reorder()) == "28: 32 for 32 days, less 4 in stock (estimated)"
    pack = {"minimum_units": 10.0, "multiple_units": 5.0, "quantity_units": 25}
    full = reorder(safety_units=3.0, stock_known=True, open_order_units=6.0, **pack)
    assert quantity_words(full) == (
        "25: 32 for 32 days and 3 for safety, less 4 in stock and 6 on its way; at least 10; in steps of 5"
    )


def test_both_are_on_the_pages(site: Site) -> None:
    with site.store.begin() as tx:
        (row,) = tx.reorders.listed({ReorderState.PROPOSED}, account_id="16029")
        tx.reorders.put([ReorderTask(**{**_fields(row), "evidence_json": reorder().evidence_json})])
        tx.standings.put([valued("16029")])
    for role, address in (("agent", "/accounts/16029"), ("supervisor", "/team")):
        page = site.as_role(role).get(address).text
        assert "28: 32 for 32 days, less 4 in stock (estimated)" in page, address
    assert "7,400 = 90% alive x the margin of 5 years" in site.as_role("agent").get("/accounts/16029").text
    assert "Not valued yet" in site.as_role("agent").get("/accounts/17850").text


def _fields(row: ReorderTask) -> dict[str, Any]:
    return {name: getattr(row, name) for name in ReorderTask.__slots__}
