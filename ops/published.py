"""The published contract as files: ``python -m ops.published write | check | release VERSION``.

``write`` brings schemas/published, docs/configuration.md, docs/metrics.md and parts of pages up to the code. ``check``
says what differs, and what a reader of any released contract would miss. ``release`` freezes the contract; a frozen one
is never written again.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

import schemas
from ops.configuration_page import configuration_page
from ops.generated_blocks import pages
from ops.metrics_page import metrics_page
from schemas.compat import incompatibilities
from schemas.publishing import Published, documents, published_schemas

PACKAGE = Path(schemas.__file__).parent
FOLDER = PACKAGE / "published"
RELEASED = FOLDER / "released"
CONFIGURATION = PACKAGE.parent / "docs" / "configuration.md"
METRICS = PACKAGE.parent / "docs" / "metrics.md"
WRITE = "run `python -m ops.published write`"

Document = dict[str, Any]


def wanted_files() -> Mapping[Path, bytes]:
    """Every generated file and its bytes."""
    files = {FOLDER / name: _bytes(body) for name, body in documents().items()}
    made = {path: page.encode() for path, page in pages()}
    return {**files, **made, CONFIGURATION: configuration_page().encode(), METRICS: metrics_page().encode()}


def outdated() -> list[str]:
    """Generated files that are not what the models say, with what to do."""
    wanted = wanted_files()
    stale = [path for path, body in wanted.items() if not path.exists() or path.read_bytes() != body]
    gone = [path for path in _committed() if path not in wanted]
    return [f"{_name(path)} is not what the models say: {WRITE}" for path in stale] + [
        f"{_name(path)} has no model: remove it, if no release has it" for path in gone
    ]


def released() -> Mapping[str, Mapping[str, Document]]:
    """Every frozen contract: version -> file name -> schema."""
    return {path.stem: json.loads(path.read_text("utf-8")) for path in sorted(RELEASED.glob("*.json"))}


def broken_promises(old: Mapping[str, Document], new: Mapping[str, Published] | None = None) -> Iterator[str]:
    """What somebody who relies on a frozen contract would miss in the present one."""
    present = {one.path: one for one in published_schemas()} if new is None else new
    for path, schema in old.items():
        if path not in present:
            yield f"{path}: is gone; keep it, or publish the change as a new type"
            continue
        one = present[path]
        yield from (f"{path}: {fault}" for fault in incompatibilities(schema, one.schema, one.role))


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Write, check and freeze the published contract."""


@cli.command()
def write() -> None:
    """Bring the generated files up to the models."""
    for path, body in wanted_files().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    click.echo(f"{len(wanted_files())} files written")


@cli.command()
@click.pass_context
def check(context: click.Context) -> None:
    """Exit code 1 where a file is outdated or a promise broken."""
    faults = outdated() + [
        f"{version}: {fault}" for version, old in released().items() for fault in broken_promises(old)
    ]
    for fault in faults:
        click.echo(fault, err=True)
    context.exit(1 if faults else 0)


@cli.command()
@click.argument("version")
def release(version: str) -> None:
    """Freeze the contract as VERSION."""
    target = RELEASED / f"{version}.json"
    if target.exists():
        raise click.ClickException(f"{_name(target)} is frozen; choose another version")
    RELEASED.mkdir(parents=True, exist_ok=True)
    target.write_bytes(_bytes({one.path: one.schema for one in published_schemas()}))
    click.echo(f"{_name(target)} written; add its digest to tests/schemas/released.sha256")


def _committed() -> Iterator[Path]:
    return (path for path in sorted(FOLDER.rglob("*.json")) if RELEASED not in path.parents)


def _bytes(body: Document) -> bytes:
    return (json.dumps(body, indent=1, ensure_ascii=False) + "\n").encode()


def _name(path: Path) -> str:
    return path.relative_to(PACKAGE.parent).as_posix()


if __name__ == "__main__":
    cli()
