"""Product master: names from the real file; lead times, margins, availability and categories invented."""

from collections.abc import Iterator, Mapping
from datetime import datetime

import numpy as np

from ops.importers.invented import for_everybody, invented, rng
from schemas.envelope import Event
from schemas.events.ours import ProductChanged

LEAD_TIMES_DAYS = (1.0, 2.0, 3.0, 5.0, 10.0)
LEAD_TIME_SHARES = (0.3, 0.4, 0.18, 0.09, 0.03)
OUT_OF_STOCK_SHARE = 0.02
MARGIN_MEAN, MARGIN_SPREAD = 0.38, 0.08

CATEGORIES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("christmas", ("CHRISTMAS", "XMAS", "ADVENT", "SANTA", "REINDEER")),
    ("lighting", ("LIGHT", "CANDLE", "LANTERN", "LAMP")),
    ("bags", ("BAG", "SHOPPER", "PURSE")),
    ("kitchen", ("MUG", "CUP", "PLATE", "BOWL", "TEA", "CAKE", "KITCHEN", "JUG", "SPOON", "BAKING", "LUNCH")),
    ("stationery", ("CARD", "WRAP", "NOTEBOOK", "PEN", "PAPER", "TAPE", "STICKER")),
    ("garden", ("GARDEN", "PLANT", "FLOWER", "BIRD", "HERB")),
    ("toys", ("TOY", "GAME", "DOLL", "PUZZLE", "CHILDREN", "KIDS")),
    ("jewellery", ("NECKLACE", "EARRING", "BRACELET", "RING", "BEAD")),
    ("home", ("CLOCK", "FRAME", "CUSHION", "HOOK", "SIGN", "DOORMAT", "MIRROR", "CABINET", "DRAWER")),
)


def products(seed: int, names: Mapping[str, str], at: datetime) -> Iterator[Event]:
    """One event a SKU, for everybody. ``names`` by SKU."""
    random = rng(seed, "products")
    for sku in sorted(names):
        yield for_everybody(f"product-{sku}", at, _product(sku, names[sku], random))


def category_of(name: str) -> str:
    """The first category one of whose words begins a word of the name; ``gifts`` otherwise."""
    words = name.upper().replace("-", " ").split()
    for category, stems in CATEGORIES:
        if any(word.startswith(stems) for word in words):
            return category
    return "gifts"


def _product(sku: str, name: str, random: np.random.Generator) -> ProductChanged:
    margin = float(np.clip(random.normal(MARGIN_MEAN, MARGIN_SPREAD), 0.1, 0.7))
    return invented(
        ProductChanged,
        sku=sku,
        name=name,
        category=category_of(name),
        lead_time_days=float(random.choice(LEAD_TIMES_DAYS, p=LEAD_TIME_SHARES)),
        margin_share=round(margin, 3),
        available=bool(random.random() >= OUT_OF_STOCK_SHARE),
    )
