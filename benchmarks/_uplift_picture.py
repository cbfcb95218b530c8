"""Histograms as one SVG, drawn with nothing but text."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

WIDTH, HEIGHT, PAD = 300, 190, 34
BINS = 30
INK, BAR, TRUTH, NONE = "#1f2933", "#7da7d9", "#c2410c", "#6b7280"


@dataclass(frozen=True, slots=True)
class Histogram:
    """Relative estimates of one kind, the truth among them, and what to say beside it."""

    title: str
    values: np.ndarray
    truth: float
    notes: tuple[str, ...]


def picture(histograms: Sequence[Histogram], rows: int) -> str:
    """A grid with ``rows`` rows; histograms of a column share their scale."""
    columns = len(histograms) // rows
    reach = [max(float(np.abs(one.values).max()) for one in histograms[at::columns]) * 1.05 for at in range(columns)]
    parts = [
        _one(one, reach[number % columns], (number % columns) * WIDTH, (number // columns) * HEIGHT)
        for number, one in enumerate(histograms)
    ]
    width, height = columns * WIDTH, rows * HEIGHT + 26
    said = "Estimated change of ordering by calling, one value a replication. Grey: no change. Red: what was planted."
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
            f'font-family="sans-serif" font-size="11" fill="{INK}" role="img">',
            f"<title>{escape(said)}</title>",
            f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
            *parts,
            f'<text x="{PAD / 2}" y="{height - 8}">{escape(said)}</text>',
            "</svg>",
            "",
        ]
    )


def _one(one: Histogram, reach: float, left: float, top: float) -> str:
    counts, edges = np.histogram(one.values, bins=BINS, range=(-reach, reach))
    inner, floor = WIDTH - PAD, HEIGHT - PAD
    tallest = max(int(counts.max()), 1)

    def across(value: float) -> float:
        return PAD / 2 + (value + reach) / (2 * reach) * inner

    bars = [
        f'<rect x="{across(edge):.1f}" y="{floor - count / tallest * (floor - PAD):.1f}" '
        f'width="{inner / BINS - 1:.1f}" height="{count / tallest * (floor - PAD):.1f}" fill="{BAR}"/>'
        for count, edge in zip(counts, edges, strict=False)
        if count
    ]
    ticks = [
        f'<text x="{across(value):.1f}" y="{floor + 15}" text-anchor="middle">{value:+.0%}</text>'
        for value in (-reach * 0.8, 0.0, reach * 0.8)
    ]
    lines = [_line(across(0.0), floor, NONE), _line(across(one.truth), floor, TRUTH)]
    notes = [f'<text x="{PAD / 2}" y="{PAD + 14 + 13 * i}">{escape(note)}</text>' for i, note in enumerate(one.notes)]
    head = f'<text x="{PAD / 2}" y="18" font-weight="bold">{escape(one.title)}</text>'
    return "\n".join([f'<g transform="translate({left},{top})">', head, *bars, *lines, *ticks, *notes, "</g>"])


def _line(x: float, floor: float, colour: str) -> str:
    return f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{PAD - 8}" y2="{floor}" stroke="{colour}" stroke-width="1.5"/>'
