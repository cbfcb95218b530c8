"""Parts of pages that are made from code: each stands between <!-- name --> and <!-- /name -->."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import schemas
from console.roles import ENDPOINTS, OPEN, PROCESSES, Role
from outreach.calling.book import standard
from outreach.calling.words import says, where
from outreach.task import as_diagram, as_markdown

DOCS = Path(schemas.__file__).parent.parent / "docs"


def rules_table() -> str:
    """Every standard calling rule."""
    rows = (
        f"| `{rule.id}` | {where(rule)} | {rule.effective_from} | {says(rule)} | {rule.citation} |"
        for rule in standard().rules
    )
    return "| Rule | Where | From | Says | Comes from |\n|---|---|---|---|---|\n" + "\n".join(rows) + "\n"


def roles_table() -> str:
    """Every endpoint and who may call it."""
    columns = [role for role in Role if role is not Role.PROCESS]
    head = f"| Endpoint | {' | '.join(columns)} |\n|---|{'---|' * len(columns)}\n"
    rows = (
        f"| `{method} {path}` | {' | '.join(_cell(role, allowed) for role in columns)} |"
        for (method, path), allowed in ENDPOINTS.items()
        if allowed != PROCESSES
    )
    return head + "\n".join(rows) + "\n"


def _cell(role: Role, allowed: frozenset[Role]) -> str:
    return "open" if allowed == OPEN else "yes" if role in allowed else ""


BLOCKS: Mapping[str, Mapping[str, Callable[[], str]]] = {
    "api.md": {"roles": roles_table},
    "tasks.md": {"diagram": as_diagram, "transitions": as_markdown},
    "rules.md": {"rules": rules_table},
}
"""Page -> block -> what makes it."""


def pages() -> Iterator[tuple[Path, str]]:
    """Each page with its blocks as they should be; raises ValueError where a page lacks a block's marks."""
    for name, blocks in BLOCKS.items():
        path = DOCS / name
        page = path.read_text("utf-8")
        for block, make in blocks.items():
            page = replaced(page, block, make())
        yield path, page


def replaced(page: str, block: str, body: str) -> str:
    """The page with another body between the block's marks."""
    first, last = f"<!-- {block} -->\n", f"<!-- /{block} -->"
    if page.count(first) != 1 or page.count(last) != 1:
        raise ValueError(f"the page needs the marks of {block} once")
    head, _, rest = page.partition(first)
    return head + first + body + last + rest.partition(last)[2]
