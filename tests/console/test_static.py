"""What the browser is given: vendored code unchanged, nothing inline, nothing from elsewhere, readable colours."""

import hashlib
import re
from importlib.resources import files

import pytest

from tests.console.test_texts import TEMPLATES

STATIC = files("console") / "static"
STYLE = "\n".join((STATIC / name).read_text("utf-8") for name in ("base.css", "parts.css", "pages.css", "charts.css"))
TOKENS = re.findall(r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)", STYLE)
LIGHT, DARK = ({name: pair[side] for name, *pair in TOKENS} for side in (0, 1))
READ = 4.5
"""WCAG 2.2, 1.4.3: text."""
SEEN = 3.0
"""WCAG 2.2, 1.4.11: borders of inputs, focus, meaningful graphics."""
PAIRS = [
    *((text, ground, READ) for text in ("text", "muted", "accent") for ground in ("surface", "bg", "sunken")),
    *((tone, f"{tone}-soft", READ) for tone in ("ok", "warn", "danger")),
    *((tone, "surface", READ) for tone in ("ok", "warn", "danger")),
    *(("text", f"{tone}-soft", READ) for tone in ("ok", "warn", "danger", "accent")),
    ("muted", "ok-soft", READ),
    ("muted", "warn-soft", READ),
    ("muted", "danger-soft", READ),
    ("accent-strong", "accent-soft", READ),
    ("on-accent", "accent", READ),
    ("on-accent", "accent-strong", READ),
    ("line-strong", "surface", SEEN),
    ("line-strong", "bg", SEEN),
    ("accent", "surface", SEEN),
    ("accent", "bg", SEEN),
]


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    """Source: WCAG 2.2, "contrast ratio"."""
    high, low = sorted((luminance(first), luminance(second)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("first", "second", "least"), PAIRS)
def test_colours_can_be_told_apart(scheme: str, first: str, second: str, least: float) -> None:
    tokens = LIGHT if scheme == "light" else DARK
    assert contrast(tokens[first], tokens[second]) >= least, f"{contrast(tokens[first], tokens[second]):.2f}"


def test_vendored_code_is_what_the_list_says() -> None:
    listed = re.search(r"\| htmx\.min\.js .* \| (\w{64}) \|", (STATIC / "vendor" / "README.md").read_text("utf-8"))
    assert listed
    assert hashlib.sha256((STATIC / "vendor" / "htmx.min.js").read_bytes()).hexdigest() == listed.group(1)
    assert "Zero-Clause BSD" in (STATIC / "vendor" / "htmx.LICENSE").read_text("utf-8")


@pytest.mark.parametrize("name", sorted(TEMPLATES))
def test_nothing_is_inline_and_nothing_comes_from_elsewhere(name: str) -> None:
    body = TEMPLATES[name]
    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", body)
    assert not re.search(r"<script(?![^>]*\ssrc=\"/static/)", body)
    assert not re.search(r"(src|href)=\"(https?:)?//", body)
    assert "|safe" not in body.replace(" ", "")
    assert "hx-on" not in body


def test_our_scripts_make_no_markup_of_texts() -> None:
    unsafe = re.compile(r"innerHTML|outerHTML =|insertAdjacentHTML|document\.write|eval\(")
    for item in STATIC.iterdir():
        if item.name.endswith(".js"):
            assert not unsafe.search(item.read_text("utf-8"))


def test_sizes_follow_the_readers_own() -> None:
    assert not re.search(r"font(-size)?:[^;]*\dpx", STYLE)
