"""A process to be killed: takes the made history from a position on, folds it, and says what is durable."""

import sys
from pathlib import Path

from ops.embedded.installation import opened
from schemas.settings import Settings
from tests.embedded.made import history, put_artefacts

CHUNK = 40


def main(folder: str, start: int, accounts: int, days: int, decide_days: int) -> None:
    """Print how many events of the history are in the log, after each commit; end with ``done``."""
    events = history(accounts, days, decide_days=decide_days)
    with opened(Settings(data_dir=Path(folder)), batch_records=64) as installation:
        put_artefacts(installation)
        print("ready", flush=True)
        for place in range(start, len(events), CHUNK):
            installation.runtime.append(events[place : place + CHUNK])
            print(min(place + CHUNK, len(events)), flush=True)
            installation.runtime.fold_all()
        installation.runtime.fold_all()
    print("done", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
