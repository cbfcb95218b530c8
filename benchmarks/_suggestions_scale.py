"""The costs of suggestions for many accounts, each method in a process of its own, so that each has its own peak.

The made shop has names, prices and categories; names are drawn at random, so that words cost and tell nothing.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks._rivals import METHODS, best_of
from benchmarks._shops import FIRST_DAY, shop
from benchmarks._suggestions_quality import WINDOW_DAYS, K, ours, quality, truth
from forecasting.history import OrderDays
from forecasting.similar import baskets_of
from ops import suggestions
from outreach.desk import Desk, rules_from
from outreach.store.migrate import upgrade
from outreach.store.sql import SqlStore, create
from schemas.envelope import Event
from schemas.events.ours import ProductChanged
from schemas.settings import load_settings
from streams import suggesting

DAYS = 365
DAY = FIRST_DAY + DAYS
SCORED, CHANGED, ASKED_ONE_BY_ONE = 5_000, 10_000, 200
OURS = "ours"
AT = datetime.fromordinal(DAY).replace(tzinfo=UTC)


def scale(accounts: int, products: int, only: str | None = None) -> None:
    """Print the table; only: one method."""
    with tempfile.TemporaryDirectory() as folder:
        made = _child("make", folder, str(accounts), str(products))
        print(f"{accounts:,} accounts, {products:,} products, {made['order_days']:,} order days", flush=True)
        found = {}
        for name in (OURS, *METHODS):
            if only is None or only in name:
                found[name] = _child(name, folder)
                print(f"{name}: {json.dumps(found[name])}", flush=True)
        print(pd.DataFrame(found).T.to_string(float_format=lambda value: f"{value:.4g}"))


def _child(what: str, *more: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks._suggestions_scale", what, *more]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        return {"failed": (done.stderr.strip().splitlines() or ["killed"])[-1]}
    return dict(json.loads(done.stdout.splitlines()[-1]))


def make(folder: Path, accounts: int, products: int) -> dict[str, Any]:
    """The shop as it was on the day, and what SCORED accounts then bought."""
    whole = shop(accounts, products, days=DAYS + WINDOW_DAYS)
    past = whole.before(DAY)
    known = baskets_of(past, DAY)
    wanted = truth(whole, known, DAY)
    rows = np.array(sorted(wanted))
    rows = rows[np.linspace(0, len(rows) - 1, min(SCORED, len(rows))).astype(int)]
    columns = {name: getattr(past, name) for name in ("account", "sku", "day", "quantity")}
    for name, column in columns.items():
        np.save(folder / f"{name}.npy", column)
    told = {"accounts": accounts, "skus": list(past.skus), "rows": rows.tolist()}
    (folder / "shop.json").write_text(json.dumps(told | {"wanted": [sorted(wanted[row]) for row in rows.tolist()]}))
    return {"order_days": len(past)}


def loaded(folder: Path) -> tuple[OrderDays, np.ndarray, list[set[int]]]:
    """The history, the accounts that are scored, and what they bought."""
    told = json.loads((folder / "shop.json").read_text())
    columns = [np.load(folder / f"{name}.npy") for name in ("account", "sku", "day", "quantity")]
    names = [f"A{number:07d}" for number in range(told["accounts"])]
    history = OrderDays(names, told["skus"], *columns)
    return history, np.array(told["rows"]), [set(one) for one in told["wanted"]]


def known_products(skus: list[str]) -> suggesting.Known:
    """A product master: a price, a category and three words each."""
    rng = np.random.default_rng(3)
    words, price = rng.integers(0, 4_000, (len(skus), 3)), rng.lognormal(1.5, 1.0, len(skus))
    known = suggesting.Known()
    known.add(
        Event(
            id=sku,
            source="made",
            subject="",
            time=AT,
            fact=ProductChanged(
                sku=sku,
                name=" ".join(f"word{word}" for word in words[place]),
                category=f"kind{place % 40}",
                unit_price=f"{price[place] + 0.01:.2f}",  # type: ignore[arg-type]  # becomes a Decimal
            ),
        )
        for place, sku in enumerate(skus)
    )
    return known


def refresh(folder: Path) -> dict[str, Any]:
    """Learn, rank and store everybody; the changed; one; as the commands do it."""
    history, rows, wanted = loaded(folder)
    known, found = known_products(list(history.skus)), _Clock()
    engine = create(f"sqlite:///{folder}/desk.sqlite3")
    upgrade(engine)
    store, desk = SqlStore(engine), Desk(rules_from(load_settings()))
    used, raw = found.timed("learn", lambda: suggesting.learn(history, AT, known))
    with store.begin() as tx:
        suggesting.store(tx, used, raw, AT)
    done = found.timed("rank_and_store", lambda: suggestions.rank(store, desk, used, history, known, AT, None))
    found.figures |= {"full_gib": peak_gib(), "artefact_mib": len(raw) / 2**20, "rows": done.rows}
    del used, raw
    names = np.random.default_rng(1).choice(len(history.account_ids), min(CHANGED, len(history.account_ids)), False)
    changed = {history.account_ids[number] for number in names.tolist()}

    def incremental() -> suggesting.InForce:
        with store.read() as tx:
            again = suggesting.in_force(tx)
        suggestions.rank(store, desk, again, history, known, AT, changed)
        return again

    used = found.timed("incremental", incremental)
    carts = baskets_of(history, DAY)
    took = []
    for row in sorted(names.tolist())[:ASKED_ONE_BY_ONE]:
        one = carts.take(np.array([row]))
        begun = time.process_time()
        used.recommender.recommend_one(one, one.account_ids[0], K)
        took.append(1000 * (time.process_time() - begun))
    found.figures |= {"one_account_cpu_ms": float(np.median(took)), "slowest_cpu_ms": max(took)}
    recall, ndcg = quality(ours(used.recommender, carts, rows), wanted)
    engine.dispose()
    return found.figures | {"recall": recall, "ndcg": ndcg, "gib": peak_gib()}


def rival(name: str, folder: Path) -> dict[str, Any]:
    """Learn and rank the scored accounts by another method."""
    history, rows, wanted = loaded(folder)
    carts, found = baskets_of(history, DAY), _Clock()
    del history
    bought = carts.matrix()
    del carts
    score = found.timed("learn", lambda: METHODS[name](bought))
    told = found.timed("rank_scored", lambda: best_of(score, bought, rows, K))
    recall, ndcg = quality(told, wanted)
    return found.figures | {"recall": recall, "ndcg": ndcg, "gib": peak_gib()}


class _Clock:
    """Seconds on the wall and of the processor, by what was done."""

    def __init__(self) -> None:
        self.figures: dict[str, Any] = {}

    def timed(self, name: str, work: Callable[[], Any]) -> Any:
        wall, cpu = time.perf_counter(), time.process_time()
        result = work()
        self.figures[f"{name}_s"] = round(time.perf_counter() - wall, 2)
        self.figures[f"{name}_cpu_s"] = round(time.process_time() - cpu, 2)
        return result


def peak_gib() -> float:
    """The most memory that this process ever had."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 2**20


def main() -> None:
    """One part, for `benchmarks.suggestions --scale`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what")
    parser.add_argument("folder", type=Path)
    parser.add_argument("numbers", type=int, nargs="*")
    asked = parser.parse_args()
    if asked.what == "make":
        found = make(asked.folder, *asked.numbers)
    elif asked.what == OURS:
        found = refresh(asked.folder)
    else:
        found = rival(asked.what, asked.folder)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
