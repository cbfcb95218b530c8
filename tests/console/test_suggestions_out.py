"""The API for one account's suggestions."""

from outreach.records import Suggestion
from tests.console.conftest import Site
from tests.console.seeds import NOW

URL = "/v1/accounts/17850/suggestions"


def put(site: Site) -> None:
    told = {"buyers": 34, "neighbours": 60, "base_rate": 0.09, "probability": 0.2, "as_of": NOW}
    rows = [
        Suggestion("17850", 1, "s1", "One", "Because.", "v7", efficiency=1, variety=2, **told),
        Suggestion("17850", 2, "s2", "Two", "", "v7", variety=1, is_new=True, as_of=NOW),
    ]
    with site.store.begin() as tx:
        tx.suggestions.replace(["17850"], rows)


def test_by_the_profile_and_by_what_is_asked(site: Site) -> None:
    put(site)
    program = site.as_role("erp")
    said = program.get(URL).json()
    assert (said["objective"], said["version"], [one["sku"] for one in said["suggestions"]]) == (
        "efficiency",
        "v7",
        ["s1"],
    )
    assert said["as_of"].startswith(f"{NOW:%Y-%m-%d}")
    first = said["suggestions"][0]
    assert (first["buyers"], first["neighbours"], first["base_rate"], first["sentence"]) == (34, 60, 0.09, "Because.")
    other = program.get(f"{URL}?objective=variety").json()["suggestions"]
    assert [(one["rank"], one["sku"], one["is_new"]) for one in other] == [(1, "s2", True), (2, "s1", False)]
    assert len(program.get(f"{URL}?objective=variety&k=1").json()["suggestions"]) == 1


def test_nothing_to_suggest_is_an_empty_list_and_an_unknown_account_is_not_found(site: Site) -> None:
    put(site)
    program = site.as_role("erp")
    assert program.get(f"{URL}?objective=innovation").json()["suggestions"] == []
    assert program.get("/v1/accounts/nobody/suggestions").status_code == 404


def test_what_is_asked_must_be_askable(site: Site) -> None:
    program = site.as_role("erp")
    for query in ("objective=luck", "k=0", "k=11", "k=x"):
        assert program.get(f"{URL}?{query}").status_code == 422
