"""Line plots as SVG text: no library, no network, readable in any browser and on paper."""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH, HEIGHT = 420, 300
LEFT, RIGHT, TOP, BOTTOM = 46, 12, 14, 40
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#8a6d00", "#56b4e9", "#555555", "#7a3ff2")
"""Okabe and Ito's, told apart by colour-blind readers too."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a plot. dots: radius at each point (pixels), none if empty."""

    label: str
    x: Sequence[float]
    y: Sequence[float]
    colour: int
    dashed: bool = False
    dots: Sequence[float] = ()


@dataclass(frozen=True, slots=True)
class Plot:
    """Axes and lines; ranges are (lowest, highest), ticks are what is written at them."""

    title: str
    x_label: str
    y_label: str
    x_range: tuple[float, float]
    y_range: tuple[float, float]
    lines: Sequence[Line]
    x_ticks: Sequence[tuple[float, str]] = ()
    diagonal: bool = False

    def svg(self) -> str:
        """The plot with its legend below."""
        legend = [line for line in self.lines if line.label]
        height = HEIGHT + 16 * math.ceil(len(legend) / 2)
        parts = [
            f'<svg class="plot" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(self.title)}">',
            f"<title>{escape(self.title)}</title>",
            *self._axes(),
        ]
        if self.diagonal:
            low, high = self._at(self.x_range[0], self.y_range[0]), self._at(self.x_range[1], self.y_range[1])
            parts.append(f'<path class="even" d="M{low[0]:.1f} {low[1]:.1f}L{high[0]:.1f} {high[1]:.1f}"/>')
        for line in self.lines:
            parts += self._line(line)
        parts += [_legend(place, line) for place, line in enumerate(legend)]
        return "".join([*parts, "</svg>"])

    def _at(self, x: float, y: float) -> tuple[float, float]:
        """Pixels of a point."""
        across = (x - self.x_range[0]) / ((self.x_range[1] - self.x_range[0]) or 1.0)
        up = (y - self.y_range[0]) / ((self.y_range[1] - self.y_range[0]) or 1.0)
        return LEFT + across * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM - up * (HEIGHT - TOP - BOTTOM)

    def _axes(self) -> list[str]:
        parts = []
        for value in ticks(*self.y_range):
            y = self._at(0, value)[1]
            parts.append(f'<path class="grid" d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}"/>')
            parts.append(f'<text class="tick" x="{LEFT - 5}" y="{y + 3.5:.1f}" text-anchor="end">{value:g}</text>')
        for value, label in self.x_ticks or [(value, f"{value:g}") for value in ticks(*self.x_range)]:
            x = self._at(value, 0)[0]
            parts.append(
                f'<text class="tick" x="{x:.1f}" y="{HEIGHT - BOTTOM + 14}" text-anchor="middle">{escape(label)}</text>'
            )
        middle_x, middle_y = (LEFT + WIDTH - RIGHT) / 2, (TOP + HEIGHT - BOTTOM) / 2
        parts.append(f'<text x="{middle_x}" y="{HEIGHT - 8}" text-anchor="middle">{escape(self.x_label)}</text>')
        parts.append(
            f'<text transform="translate(11 {middle_y}) rotate(-90)" text-anchor="middle">{escape(self.y_label)}</text>'
        )
        return parts

    def _line(self, line: Line) -> list[str]:
        points = [self._at(x, y) for x, y in zip(line.x, line.y, strict=True) if math.isfinite(x) and math.isfinite(y)]
        if not points:
            return []
        colour = COLOURS[line.colour % len(COLOURS)]
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
        dash = ' stroke-dasharray="5 4"' if line.dashed else ""
        drawn = [f'<path class="line" stroke="{colour}"{dash} d="M{path}"/>']
        return drawn + [
            f'<circle fill="{colour}" cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}"/>'
            for (x, y), radius in zip(points, line.dots, strict=False)
        ]


def ticks(low: float, high: float) -> list[float]:
    """About five round values inside a range."""
    span = (high - low) or 1.0
    step = 10.0 ** math.floor(math.log10(span))
    while span / step < 4:
        step /= 2
    while span / step > 7:
        step *= 2
    first = math.ceil(low / step - 1e-9)
    return [round(step * count, 10) for count in range(first, math.floor(high / step + 1e-9) + 1)]


def _legend(place: int, line: Line) -> str:
    x, y = LEFT + (place % 2) * (WIDTH - LEFT) / 2, HEIGHT + 8 + 16 * (place // 2)
    dash = ' stroke-dasharray="5 4"' if line.dashed else ""
    colour = COLOURS[line.colour % len(COLOURS)]
    mark = f'<path class="line" stroke="{colour}"{dash} d="M{x:.0f} {y - 4}h20"/>'
    return f'{mark}<text x="{x + 26:.0f}" y="{y}">{escape(line.label)}</text>'
