"""One process owns a data folder. The lock file also tells other commands where the owner's API is."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from schemas.errors import AlreadyRunning

LOCK_NAME = "ringahead.lock"


@dataclass(frozen=True, slots=True)
class Owner:
    """The process that holds the lock."""

    pid: int
    command: str
    url: str | None = None
    """Where its API listens, when it has one."""
    token: str | None = None
    """Bearer token of the API's local endpoints; readable by this user alone."""


class DataFolderLock:
    """An advisory lock (flock) on a file of the data folder; the kernel lets go of it when the process ends."""

    def __init__(self, handle: int) -> None:
        self._handle = handle

    def announce(self, owner: Owner) -> None:
        """Say who holds the lock and where its API is."""
        os.ftruncate(self._handle, 0)
        os.pwrite(self._handle, json.dumps(asdict(owner)).encode(), 0)


@contextmanager
def hold(data_dir: Path, command: str) -> Iterator[DataFolderLock]:
    """Own the data folder for the block; raises AlreadyRunning, with the owner's command and process id."""
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)  # contacts and the one-time links lie in it
    handle = os.open(data_dir / LOCK_NAME, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise AlreadyRunning(_held(data_dir)) from None
        lock = DataFolderLock(handle)
        lock.announce(Owner(os.getpid(), command))
        yield lock
    finally:
        os.close(handle)


def owner_of(data_dir: Path) -> Owner | None:
    """Who holds the data folder now; None when nobody does."""
    try:
        handle = os.open(data_dir / LOCK_NAME, os.O_RDWR)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return _read(data_dir)
    else:
        return None
    finally:
        os.close(handle)


def _read(data_dir: Path) -> Owner:
    try:
        return Owner(**json.loads((data_dir / LOCK_NAME).read_text()))
    except (ValueError, TypeError):
        return Owner(0, "another process")


def _held(data_dir: Path) -> str:
    owner = _read(data_dir)
    return (
        f"{data_dir} is in use by `{owner.command}` (process {owner.pid}); "
        f"stop it, or choose another folder with RINGAHEAD_DATA_DIR"
    )
