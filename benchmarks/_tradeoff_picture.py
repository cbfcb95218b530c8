"""The trade-off of objectives as an SVG: recall against what each objective is for."""

from typing import Any

import pandas as pd

WIDTH, HEIGHT, LEFT, TOP, GAP = 250, 200, 60, 40, 80
PANELS = (
    ("efficiency", "margin", "expected margin, of the list by P"),
    ("variety", "novelty", "novelty, bits"),
    ("variety", "coverage", "share of the range shown"),
    ("innovation", "new", "share of new products"),
)


def picture(found: pd.DataFrame) -> str:
    """Four panels; each point is a strength, written beside it; recall@10 upwards."""
    top = float(found["recall"].max()) * 1.1 or 1.0
    wide = LEFT + len(PANELS) * (WIDTH + GAP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide}" height="{TOP + HEIGHT + 60}" '
        'font-family="sans-serif" font-size="12">',
        '<rect width="100%" height="100%" fill="#ffffff"/>',
    ]
    for number, (objective, column, words) in enumerate(PANELS):
        rows = found[found["objective"] == objective]
        parts += _panel(rows, column, f"{objective}: {words}", LEFT + number * (WIDTH + GAP), top)
    return "\n".join([*parts, "</svg>\n"])


def _panel(rows: pd.DataFrame, column: str, title: str, left: int, top: float) -> list[str]:
    low, high = float(rows[column].min()), float(rows[column].max())
    span = (high - low) or 1.0
    points: list[tuple[float, float, float]] = []
    for one in rows.itertuples():
        said: Any = one
        x = left + 15 + (WIDTH - 30) * (getattr(said, column) - low) / span
        points.append((x, TOP + HEIGHT * (1 - said.recall / top), said.strength))
    bottom = TOP + HEIGHT
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y, _ in points)
    return [
        f'<text x="{left}" y="{TOP - 15}" font-weight="bold">{title}</text>',
        f'<path d="M{left} {TOP}V{bottom}H{left + WIDTH}" fill="none" stroke="#777777"/>',
        *(
            f'<text x="{left - 6}" y="{TOP + HEIGHT * (1 - share) + 4:.0f}" text-anchor="end">{share * top:.2f}</text>'
            for share in (0.0, 0.5, 1.0)
        ),
        f'<text x="{left + 15}" y="{bottom + 18}">{low:.2f}</text>',
        f'<text x="{left + WIDTH - 15}" y="{bottom + 18}" text-anchor="end">{high:.2f}</text>',
        f'<text x="{left + 4}" y="{TOP + 8}" fill="#777777">recall@10</text>',
        f'<polyline points="{line}" fill="none" stroke="#1f6f8b" stroke-width="2"/>',
        *(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="#1f6f8b"/>' for x, y, _ in points),
        *(f'<text x="{x:.1f}" y="{y + 18:.1f}" text-anchor="middle">{s:g}</text>' for x, y, s in points),
    ]
