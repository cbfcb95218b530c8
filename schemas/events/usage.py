"""Facts about consumption: meters, tanks, corrections by people."""

from enum import StrEnum
from typing import Self

from pydantic import ConfigDict, model_validator

from schemas.base import Code, Fact, Identifier, Level, Sku, UtcTime


class UsageKind(StrEnum):
    """What a reading says."""

    CONSUMED = "consumed"
    LEVEL = "level"
    METER_TOTAL = "meter_total"


class UsageReported(Fact):
    """A reading of an asset, or of a product where the account has one asset of it."""

    model_config = ConfigDict(json_schema_extra={"anyOf": [{"required": ["asset_id"]}, {"required": ["sku"]}]})

    asset_id: Identifier | None = None
    sku: Sku | None = None
    """Needed with the first reading of an asset; later readings may leave it out."""
    kind: UsageKind
    value: Level
    unit: Code = "each"
    reset: bool = False
    """The meter was changed or set back: differences start anew."""

    @model_validator(mode="after")
    def _names_something(self) -> Self:
        if self.asset_id is None and self.sku is None:
            raise ValueError("asset_id or sku is needed")
        return self


class StockCorrected(Fact):
    """Somebody counted, or the account said on the phone how long its stock lasts."""

    model_config = ConfigDict(json_schema_extra={"anyOf": [{"required": ["quantity"]}, {"required": ["lasts_until"]}]})

    sku: Sku
    quantity: Level | None = None
    lasts_until: UtcTime | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.quantity is None and self.lasts_until is None:
            raise ValueError("quantity or lasts_until is needed")
        return self
