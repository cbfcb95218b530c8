"""What `pip install` brings has every file that the running program reads."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.repo.sources import PACKAGES, ROOT, name_of, tracked

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Names in the wheel, built from tracked files alone, as in a fresh clone."""
    source = tmp_path_factory.mktemp("source")
    for path in tracked():
        target = source / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    wheels = tmp_path_factory.mktemp("wheels")
    build = ["wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", str(wheels), "."]
    subprocess.run([sys.executable, "-m", "pip", *build], cwd=source, check=True)
    (wheel,) = wheels.glob("*.whl")
    return set(zipfile.ZipFile(wheel).namelist())


def test_every_file_of_the_packages_is_in_the_wheel(names: set[str]) -> None:
    wanted = {name_of(path) for path in tracked() if name_of(path).split("/")[0] in PACKAGES}
    assert wanted - names == set()


def test_nothing_else_is(names: set[str]) -> None:
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == set(PACKAGES)


def test_licence_is_in_the_wheel(names: set[str]) -> None:
    assert any(Path(name).name == "LICENSE" for name in names)
