"""One process owns a data folder, and says who it is."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from schemas.errors import AlreadyRunning
from streams.embedded.lock import LOCK_NAME, Owner, hold, owner_of

OTHER = """
import sys
from pathlib import Path
from schemas.errors import AlreadyRunning
from streams.embedded.lock import hold
try:
    with hold(Path(sys.argv[1]), "ringahead import"):
        print("mine", flush=True)
        sys.stdin.read()
except AlreadyRunning as error:
    print(error)
"""


def other_process(folder: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", OTHER, str(folder)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def test_a_second_process_is_refused_with_who_holds_it_and_what_to_do(tmp_path: Path) -> None:
    with hold(tmp_path, "ringahead serve"), other_process(tmp_path) as process:
        said, _ = process.communicate(timeout=60)
    assert f"{tmp_path} is in use by `ringahead serve` (process {os.getpid()})" in said
    assert "stop it, or choose another folder with RINGAHEAD_DATA_DIR" in said


def test_a_killed_process_lets_go(tmp_path: Path) -> None:
    with other_process(tmp_path) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "mine\n"
        owner = owner_of(tmp_path)
        assert owner == Owner(process.pid, "ringahead import")
        with pytest.raises(AlreadyRunning, match=f"process {process.pid}"), hold(tmp_path, "ringahead serve"):
            pass
        process.kill()
        process.wait(60)
    assert owner_of(tmp_path) is None
    with hold(tmp_path, "ringahead serve"):
        pass


def test_an_error_lets_go(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), hold(tmp_path, "ringahead serve"):
        raise RuntimeError
    assert owner_of(tmp_path) is None


def test_the_owner_tells_where_its_api_is_to_this_user_alone(tmp_path: Path) -> None:
    with hold(tmp_path, "ringahead serve") as lock:
        lock.announce(Owner(1, "ringahead serve", "http://127.0.0.1:8080", "secret"))
        assert owner_of(tmp_path) == Owner(1, "ringahead serve", "http://127.0.0.1:8080", "secret")
        lock.announce(Owner(1, "short"))
        assert owner_of(tmp_path) == Owner(1, "short"), "nothing of a longer word is left"
    assert stat.S_IMODE((tmp_path / LOCK_NAME).stat().st_mode) == 0o600


def test_nobody_holds_a_folder_that_is_not_there(tmp_path: Path) -> None:
    assert owner_of(tmp_path / "nowhere") is None


@pytest.mark.parametrize("content", ["", "{", "[]", '{"foreign": 1}'])
def test_an_owner_that_cannot_be_read_is_still_an_owner(tmp_path: Path, content: str) -> None:
    with hold(tmp_path, "ringahead serve"):
        (tmp_path / LOCK_NAME).write_text(content)
        owner = owner_of(tmp_path)
        assert owner is not None
        assert owner.command == "another process"


def test_the_folder_is_made(tmp_path: Path) -> None:
    with hold(tmp_path / "a" / "b", "ringahead serve"):
        assert (tmp_path / "a" / "b" / LOCK_NAME).exists()
