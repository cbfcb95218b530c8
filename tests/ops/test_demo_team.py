"""The demo's people: service calls wait in a queue of their own, so that whoever looks around begins with a sale."""

from datetime import UTC, datetime
from pathlib import Path

from ops.demo.show import show
from ops.demo.team import SERVICE, USER, links, put_team
from ops.embedded.installation import opened
from schemas.decisions import TaskClass
from schemas.settings import Settings
from tests.console.seeds import NOW, seed


def test_who_sells_is_offered_a_sale_and_who_serves_a_service_call(tmp_path: Path) -> None:
    with opened(Settings(data_dir=tmp_path)) as site:
        with site.store.begin() as tx:
            seed(site.desk, tx)
        put_team(site)
        told = links(site, "http://127.0.0.1:8080")
        assert told.count("http://127.0.0.1:8080/login/link/") == 2
        with site.store.read() as tx:
            printed = "\n".join(show(tx, NOW.date()))
        assert "The first 1 of 1 service calls" in printed
        assert "calls to sell that are ready:" in printed
        assert "florist in Leeds" in printed
        with site.store.begin() as tx:
            for name, wanted in ((USER, TaskClass.SELLING), (SERVICE, TaskClass.SERVICE)):
                site.desk.set_agent(tx, name, "available")
                offered = site.desk.next_task(tx, name, datetime.now(UTC))
                assert offered is not None
                assert offered.task.task_class is wanted
