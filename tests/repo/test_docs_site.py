"""The documentation builds into a site whose every link leads somewhere."""

import re
from pathlib import Path

from click.testing import CliRunner

from ops.docs_site import build, command
from tests.repo.sources import ROOT, name_of, tracked

DOCS = ROOT / "docs"
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
    folder = DOCS.name
    (tmp_path / folder).mkdir()
    (tmp_path / "README.md").write_text(f"# Home\n\n[a]({folder}/a.md#one) [b]({folder}/a.md#two) [c]({folder}/c.md)\n")
    (tmp_path / folder / "a.md").write_text("# A\n\n## One\n\n[home](../README.md#home)\n")
    pages, wrong = build(tmp_path, tmp_path / "site")
    assert (pages, wrong) == (2, [f"README.md: {folder}/a.md#two", f"README.md: {folder}/c.md"])
    assert f'href="{folder}/a.html#one"' in (tmp_path / "site" / "index.html").read_text()
    assert 'href="../index.html#home"' in (tmp_path / "site" / folder / "a.html").read_text()


def test_a_folder_with_anything_else_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    refused = CliRunner().invoke(command, ["build", str(tmp_path)])
    assert refused.exit_code == 2
    assert (tmp_path / "thesis.txt").exists()
    site = tmp_path / "site"
    build(tmp_path, site)
    (site / "old.html").touch()
    CliRunner().invoke(command, ["build", str(site)])
    assert not (site / "old.html").exists()
    assert (site / "index.html").exists()
