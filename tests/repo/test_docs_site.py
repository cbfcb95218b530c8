"""The documentation builds into a site whose every link leads somewhere."""

import re
from pathlib import Path

from ops.docs_site import build
from tests.repo.sources import ROOT, name_of, tracked

HREF = re.compile(r'(?:href|src)="([^"]+)"')


def test_every_page_is_built_and_no_link_leads_nowhere(tmp_path: Path) -> None:
    pages, wrong = build(ROOT, tmp_path / "site")
    assert wrong == []
    known = {name_of(path) for path in tracked() if path.suffix == ".md"}
    missing = {name for name in known if name.startswith("docs/") and not built(tmp_path / "site", name).exists()}
    assert missing == set()
    assert pages >= 70


def built(site: Path, name: str) -> Path:
    return (site / name).with_suffix(".html")


def test_the_links_of_the_built_pages_are_files_of_the_site(tmp_path: Path) -> None:
    build(ROOT, tmp_path / "site")
    for path in (tmp_path / "site").rglob("*.html"):
        for target in HREF.findall(path.read_text("utf-8")):
            if not target.startswith(("https://", "http://", "#")):
                place = path.parent / target.partition("#")[0]
                assert place.exists() or (ROOT / place.relative_to(tmp_path / "site")).is_dir(), (path.name, target)


def test_a_link_that_leads_nowhere_is_told(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "README.md").write_text("# Home\n\n[a](docs/a.md#one) [b](docs/a.md#two) [c](docs/c.md)\n")
    (tmp_path / "docs" / "a.md").write_text("# A\n\n## One\n\n[home](../README.md#home)\n")
    pages, wrong = build(tmp_path, tmp_path / "site")
    assert (pages, wrong) == (2, ["README.md: docs/a.md#two", "README.md: docs/c.md"])
    assert 'href="docs/a.html#one"' in (tmp_path / "site" / "index.html").read_text()
    assert 'href="../index.html#home"' in (tmp_path / "site" / "docs" / "a.html").read_text()
