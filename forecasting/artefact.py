"""The model as bytes, and back: JSON with a checksum, so that a truncated, altered or foreign one is refused.

    {"kind": "ringahead-population", "format": 3, "checksum": <sha256 of record>, "record": {...}}

The digest of the whole text is the artefact's name in the store and in ModelPublished.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import replace
from datetime import date
from functools import cached_property

import msgspec
import numpy as np

from forecasting.additive import Additive, fits
from forecasting.clock import Clock
from forecasting.clock import fits as clock_fits
from forecasting.columns import PULSE, columns_of
from forecasting.curve import CurveForecaster
from forecasting.errors import ModelRefused
from forecasting.hazard import ENDS_DAYS, AccountForecaster, HazardForecaster
from forecasting.products import FIGURES, unpacked
from forecasting.renewal import RenewalForecaster, RenewalParameters
from forecasting.weather import DegreeClock, Weather
from forecasting.weather import fits as weather_fits

KIND, FORMAT = "ringahead-population", 3
READABLE = (2, FORMAT)  # 2: before there was a clock
REMEDY = "the model in force stays; run `ringahead learn` to publish a new one"


class ModelRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything a model knows, and where it comes from. Days are ISO dates; until_day is the first not seen."""

    version: str
    first_day: str | None
    until_day: str
    order_days: int
    pairs: int
    accounts: int
    pair: RenewalParameters
    account: RenewalParameters
    often: Additive | None  # hazard of pairs with three order days or more; None: the renewal stands by itself
    seldom: Additive | None  # of pairs with fewer
    whole: Additive | None  # of accounts
    products: dict[str, tuple[float, ...]]  # forecasting.products.FIGURES by SKU, '' for one nobody knows
    degraded: bool  # the shipped prior, as there was too little to learn from
    scores: dict[str, float]
    packages: dict[str, str]
    clock: Clock | None = None  # None: all days are alike
    weather: Weather | None = None  # temperatures, and the products that follow them


class _Envelope(msgspec.Struct, forbid_unknown_fields=True):
    kind: str
    format: int
    checksum: str
    record: msgspec.Raw


class PopulationModel:
    """A model in force: see forecasting.model.Population."""

    def __init__(self, record: ModelRecord) -> None:
        self.record = record
        self.version = record.version

    @cached_property
    def artefact(self) -> bytes:
        """The model as bytes; `loads` reads them back."""
        record = msgspec.json.encode(self.record)
        return msgspec.json.encode(_Envelope(KIND, FORMAT, _sha256(record), msgspec.Raw(record)))

    @cached_property
    def digest(self) -> str:
        """sha256 (hex) of the artefact."""
        return _sha256(self.artefact)

    @property
    def degraded(self) -> bool:
        """True where nothing was learnt and the shipped prior answers."""
        return self.record.degraded

    @cached_property
    def _clocks(self) -> dict[tuple[str, str], DegreeClock | None]:
        return {}

    def sky(self, group: str, region: str = "") -> DegreeClock | None:
        """The degree days of a product group in a region; None where it follows none, or no temperatures are known."""
        weather = self.record.weather
        if weather is None or group not in weather.follows:
            return None
        place = region if region in weather.celsius else ""
        if (group, place) not in self._clocks:
            self._clocks[group, place] = weather.clock(group, place)
        return self._clocks[group, place]

    @cached_property
    def pair(self) -> CurveForecaster:
        """Next order of a SKU group by an account."""
        r = self.record
        if r.often is None or r.seldom is None:
            return RenewalForecaster(self.version, self.digest, r.pair)
        renewals = (r.pair, r.account)
        products = unpacked(r.products)
        return HazardForecaster(self.version, self.digest, renewals, r.often, r.seldom, products, r.clock, r.weather)

    @cached_property
    def account(self) -> CurveForecaster:
        """Next order of anything by an account."""
        r = self.record
        if r.whole is None:
            return RenewalForecaster(self.version, self.digest, r.account)
        return AccountForecaster(self.version, self.digest, r.account, r.whole, unpacked(r.products), r.clock)


def dumps(model: PopulationModel) -> bytes:
    """The artefact of a model."""
    return model.artefact


def loads(data: bytes, digest: str | None = None) -> PopulationModel:
    """Read an artefact. digest: what the event that announced it said.

    Raises ModelRefused for anything that is not, to the byte, a model of this format.
    """
    if digest is not None and _sha256(data) != digest:
        raise ModelRefused(f"the model's bytes do not match the digest that was announced; {REMEDY}")
    try:
        envelope = msgspec.json.decode(data, type=_Envelope)
        if envelope.kind != KIND or envelope.format not in READABLE:
            raise ModelRefused(f"not a model this version can read ({envelope.kind} {envelope.format}); {REMEDY}")
        if _sha256(bytes(envelope.record)) != envelope.checksum:
            raise ModelRefused(f"the model was altered after it was written; {REMEDY}")
        record = msgspec.json.decode(envelope.record, type=ModelRecord)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ModelRefused(f"not a model, or only a part of one ({error}); {REMEDY}") from error
    for parameters in (record.pair, record.account):
        if not parameters.shapes or len(parameters.shapes) != len(parameters.weights):
            raise ModelRefused(f"the model's shapes and weights do not match; {REMEDY}")
        numbers = (*parameters.shapes, *parameters.weights, *msgspec.structs.astuple(parameters)[2:])
        if not all(math.isfinite(number) and number > 0 for number in numbers):
            raise ModelRefused(f"the model's parameters are not positive numbers; {REMEDY}")
    learnt = [hazard for hazard in (record.often, record.seldom, record.whole) if hazard is not None]
    if not all(fits(hazard) and len(hazard.heads) == len(ENDS_DAYS) for hazard in learnt):
        raise ModelRefused(f"the model's coefficients do not fit its features; {REMEDY}")
    if record.often is not None and any(len(row) != len(FIGURES) for row in (*record.products.values(), ())[:-1]):
        raise ModelRefused(f"the model's products lack figures; {REMEDY}")
    if record.clock is not None and not clock_fits(record.clock):
        raise ModelRefused(f"the model's clock is none; {REMEDY}")
    if record.weather is not None and not weather_fits(record.weather):
        raise ModelRefused(f"the model's temperatures are none; {REMEDY}")
    model = PopulationModel(record)
    if not _answers(model):
        raise ModelRefused(f"the model asks for what this version does not know, or says no chance; {REMEDY}")
    return model


def _answers(model: PopulationModel) -> bool:
    """Whether it says a chance of two made-up pairs: a release with other features may write the same format."""
    row, day = np.array([0, 1, 1, 1]), np.array([8.0, 2.0, 5.0, 9.0])
    accounts = replace(columns_of(2, row, day, np.ones(4)), pulse=np.ones((2, len(PULSE))))
    try:
        date.fromisoformat(model.record.until_day)
        pairs = model.pair.probability(replace(accounts, account=accounts, skus=["", ""]), 10.0, 30.0)
        chances = np.concatenate([pairs, model.account.probability(accounts, 10.0, 30.0)])
    except (KeyError, ValueError, IndexError):
        return False
    return bool(((chances >= 0) & (chances <= 1)).all())


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
