"""The documentation as a site of plain pages: ``python -m ops.docs_site build FOLDER``; ``check`` keeps nothing.

Pages stay what they are on a code host: Markdown with links between files. The build turns every page into HTML, its
links to pages into links to their HTML, copies pictures, and fails with each link or anchor that leads nowhere.
"""

import html
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path, PurePosixPath
from posixpath import normpath, relpath

import click
from markdown_it import MarkdownIt
from markdown_it.token import Token

import schemas

ROOT = Path(schemas.__file__).parent.parent
SOURCES = ("*.md", "docs/*.md", "docs/adr/*.md", "examples/*.md", "schemas/published/*.md", "deploy/secrets/*.md",
           "ops/importers/data/*.md")  # fmt: skip
HOME = "README.md"
MADE = ".ringahead-site"
"""A file in every site: only such a folder is wiped before a build."""
STYLE = """body{max-width:60rem;margin:2rem auto;padding:0 1rem;font:16px/1.5 system-ui,sans-serif}
body{color:#1c2430;background:#fff}
nav{font-size:.9rem}pre,code{background:#f1f3f6;font-size:.9em}pre{padding:.7rem;overflow-x:auto}
table{border-collapse:collapse}
td,th{border:1px solid #ccd2da;padding:.25rem .5rem;vertical-align:top}img{max-width:100%}a{color:#0b57b7}
@media(prefers-color-scheme:dark){body{color:#dde3ea;background:#12161c}pre,code{background:#1d232c}td,th{border-color:#39424f}
a{color:#7db4ff}}"""


@dataclass(frozen=True, slots=True)
class Page:
    """One page: where it lies in the tree, its tokens, its anchors."""

    name: str
    tokens: Sequence[Token]
    title: str
    anchors: frozenset[str]

    @property
    def target(self) -> str:
        """Its HTML file."""
        return "index.html" if self.name == HOME else str(PurePosixPath(self.name).with_suffix(".html"))


@click.group()
def command() -> None:
    """Build the documentation."""


@command.command(name="build")
@click.argument("folder", type=click.Path(path_type=Path))
def build_command(folder: Path) -> None:
    """Build it into FOLDER: a new one, an empty one, or a site that was built before, which is made anew."""
    if folder.is_file() or (folder.is_dir() and any(folder.iterdir()) and not (folder / MADE).is_file()):
        raise click.UsageError(
            f"{folder} holds what is no site of these pages; give a new folder, this one would be lost"
        )
    _told(build(ROOT, folder))


@command.command()
def check() -> None:
    """Build it, and keep nothing: exit code 1 where a link leads nowhere."""
    with tempfile.TemporaryDirectory() as folder:
        _told(build(ROOT, Path(folder) / "site"))


def _told(result: tuple[int, list[str]]) -> None:
    pages, wrong = result
    for one in wrong:
        click.echo(one, err=True)
    click.echo(f"{pages} pages, {len(wrong)} links that lead nowhere")
    if wrong:
        sys.exit(1)


def build(root: Path, folder: Path) -> tuple[int, list[str]]:
    """Write the site; how many pages, and each link of them that leads nowhere, with its page."""
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    (folder / MADE).touch()
    parser = MarkdownIt("commonmark").enable("table")
    names = sorted({str(path.relative_to(root)) for pattern in SOURCES for path in root.glob(pattern)})
    pages = {name: _parsed(parser, name, (root / name).read_text("utf-8")) for name in names}
    wrong = [f"{page.name}: {link}" for page in pages.values() for link in _linked(root, folder, page, pages)]
    for page in pages.values():
        path = folder / page.target
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_framed(parser, page), "utf-8")
    return len(pages), wrong


def _parsed(parser: MarkdownIt, name: str, text: str) -> Page:
    """Its headings get the anchors that a code host gives them."""
    tokens, anchors, title = parser.parse(text), set[str](), ""
    for token, inline in pairwise(tokens):
        if token.type == "heading_open":
            anchor = slug(inline.content)
            token.attrSet("id", anchor)
            anchors.add(anchor)
            title = title or inline.content
    return Page(name, tokens, title, frozenset(anchors))


def slug(heading: str) -> str:
    """The anchor of a heading: its words in lower case, joined by hyphens."""
    words = re.sub(r"[^\w\- ]", "", heading.replace("`", "").strip().lower())
    return words.replace(" ", "-")


def _linked(root: Path, folder: Path, page: Page, pages: dict[str, Page]) -> Iterator[str]:
    """Turn links to pages into links to their HTML, copy other files; yields what is not there."""
    for token, name in _targets(page.tokens):
        told = str(token.attrs[name])
        place, _, anchor = told.partition("#")
        here = normpath(str(PurePosixPath(page.name).parent / place)) if place else page.name
        if here in pages:
            if anchor and anchor not in pages[here].anchors:
                yield told
            token.attrSet(name, _to(page, pages[here].target, anchor))
        elif (root / here).is_file() and not here.startswith(".."):
            (folder / here).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(root / here, folder / here)
            token.attrSet(name, _to(page, here, anchor))
        elif not (root / here).is_dir():
            yield told


def _targets(tokens: Sequence[Token]) -> Iterator[tuple[Token, str]]:
    for token in tokens:
        yield from _targets(token.children or ())
        for name in ("href", "src"):
            told = str(token.attrs.get(name, ""))
            if told and not told.startswith(("https://", "http://", "mailto:")):
                yield token, name


def _to(page: Page, target: str, anchor: str) -> str:
    way = relpath(target, str(PurePosixPath(page.target).parent))
    return f"{way}#{anchor}" if anchor else way


def _framed(parser: MarkdownIt, page: Page) -> str:
    body = parser.renderer.render(page.tokens, parser.options, {})
    home = _to(page, "index.html", "")
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{html.escape(page.title or page.name)}</title><style>{STYLE}</style>"
        f'<nav><a href="{home}">Ringahead</a> · <a href="{home}#where-to-read-on">all pages</a></nav>{body}</html>\n'
    )


if __name__ == "__main__":
    command()
