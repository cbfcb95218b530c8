"""What the model is made of, part by part: so that an ablation can leave parts out. Learning uses ALL."""

from __future__ import annotations

from dataclasses import dataclass

OWN, ACCOUNT, PULSE, PRODUCT, SEASON = "own", "account", "pulse", "product", "season"
GROUPS = (OWN, ACCOUNT, PULSE, PRODUCT, SEASON)
PULSES = ("pairs", "lines", "repeated", "due", "due_share")


@dataclass(frozen=True, slots=True)
class Parts:
    """features: of GROUPS, none means the renewal alone; the others as learning and the hazard do them."""

    features: tuple[str, ...] = GROUPS
    bends: bool = True
    seldom: bool = True  # coefficients of their own for pairs with few orders
    stacked: bool = True  # drawn to the renewal as outcomes held forward say; else the fit is believed
    clock: bool = True  # within intervals time runs in operational days

    def has(self, name: str) -> bool:
        """Whether a feature belongs to the model."""
        return group_of(name) in self.features


ALL = Parts()


def group_of(name: str) -> str:
    """The group of a feature, by its name in forecasting.features."""
    if name[:2] in ("a_", "p_") and name[2:] in PULSES:
        return PULSE
    if name.startswith(("s_", "to_product")):
        return PRODUCT
    if name.startswith("o_"):
        return SEASON
    return ACCOUNT if name.startswith(("a_", "share", "missed")) else OWN
