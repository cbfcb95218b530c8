"""The card and ``ringahead explain`` tell one sentence, in the days of the account."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from console.cards import call_view
from console.times import Now
from ops.explaining import explain
from outreach.task import TaskState
from tests.console.conftest import Site
from tests.console.seeds import NOW, standing

ACCOUNT = "17850"


def test_the_explanation_counts_days_as_the_card_does(make_site: Callable[..., Site]) -> None:
    site = make_site()
    with site.store.begin() as tx:
        tx.standings.put([standing(ACCOUNT, 9, zone="Pacific/Honolulu")])
        task = tx.tasks.listed(TaskState, account_id=ACCOUNT, limit=1)[0]
        for need in tx.needs.lines([task.task_id]):
            assert need.evidence is not None
            decided = need.evidence.model_copy(update={"as_of": NOW - timedelta(days=2)})
            tx.needs.put([replace(need, evidence_json=decided.model_dump_json())])
        view = call_view(site.desk.card(tx, task.task_id), Now(NOW, runs=False), NOW)
        told = explain(tx, site.desk, task.task_id, [], 10)
    assert {line.sentence for line in view.lines} == {line.sentence for line in told.lines}
    assert "last ordered 26 days ago" in told.lines[0].sentence, "in Honolulu it is still the day before"
