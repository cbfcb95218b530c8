"""A model is read back as it was written, or not at all."""

import hashlib
from functools import cache

import msgspec
import pytest

from forecasting.additive import Additive
from forecasting.artefact import ModelRecord, PopulationModel, dumps, loads
from forecasting.clock import Clock
from forecasting.errors import ModelRefused
from forecasting.history import order_days
from forecasting.learn import fit_population, prior_model
from tests.forecasting.population import LAST_DAY, order_lines

ARTEFACT = dumps(prior_model())


def test_reads_back_what_was_written():
    model = loads(ARTEFACT)
    assert model.record == prior_model().record
    assert loads(ARTEFACT, model.digest).artefact == ARTEFACT
    assert model.pair.digest == model.account.digest == model.digest
    assert model.pair.version == model.version


@pytest.mark.parametrize("length", [0, 1, len(ARTEFACT) // 2, len(ARTEFACT) - 1])
def test_a_part_is_refused(length):
    with pytest.raises(ModelRefused, match="ringahead learn"):
        loads(ARTEFACT[:length])


@pytest.mark.parametrize("place", range(0, len(ARTEFACT), 13))
def test_a_changed_byte_is_refused(place):
    changed = bytearray(ARTEFACT)
    changed[place] ^= 1
    with pytest.raises(ModelRefused):
        loads(bytes(changed), loads(ARTEFACT).digest)


def test_an_altered_record_is_refused_without_its_digest():
    with pytest.raises(ModelRefused, match="altered"):
        loads(ARTEFACT.replace(b'"accounts":0', b'"accounts":9'))


def test_another_format_is_refused():
    with pytest.raises(ModelRefused, match="can read"):
        loads(ARTEFACT.replace(b'"format":3', b'"format":4'))


def test_a_model_of_before_there_was_a_clock_is_read():
    old = prior_model().record
    fields = {name: getattr(old, name) for name in old.__struct_fields__ if name != "clock"}
    record = msgspec.json.encode(fields)
    envelope = {"kind": "ringahead-population", "format": 2, "checksum": hashlib.sha256(record).hexdigest()}
    raw = msgspec.json.encode(envelope | {"record": msgspec.Raw(record)})
    assert loads(raw).record.clock is None


def test_a_clock_that_is_none_is_refused():
    broken = msgspec.structs.replace(prior_model().record, clock=Clock((1.0,) * 6, 10.0))
    with pytest.raises(ModelRefused, match="clock"):
        loads(PopulationModel(broken).artefact)


def test_parameters_that_are_no_parameters_are_refused():
    record = prior_model().record
    broken = msgspec.structs.replace(record, pair=msgspec.structs.replace(record.pair, a=-1.0))
    with pytest.raises(ModelRefused, match="positive"):
        loads(PopulationModel(broken).artefact)


@cache
def learnt() -> ModelRecord:
    return fit_population(order_days(order_lines(accounts=60)), LAST_DAY.toordinal()).record


def other_feature(model: Additive) -> Additive:
    return msgspec.structs.replace(model, names=("p_of_another_release", *model.names[1:]))


def test_a_learnt_model_is_read_back():
    assert loads(PopulationModel(learnt()).artefact).record == learnt()


@pytest.mark.parametrize(
    "broken",
    [
        lambda r: {"often": other_feature(r.often)},
        lambda r: {"seldom": other_feature(r.seldom)},
        lambda r: {"whole": other_feature(r.whole)},
        lambda r: {"products": {sku: row for sku, row in r.products.items() if sku}},
        lambda r: {"products": {}},
        lambda r: {"often": msgspec.structs.replace(r.often, scale=(0.0, *r.often.scale[1:]))},
        lambda r: {"until_day": "yesterday"},
    ],
)
def test_a_model_that_cannot_answer_here_is_refused(broken):
    with pytest.raises(ModelRefused, match="ringahead learn"):
        loads(PopulationModel(msgspec.structs.replace(learnt(), **broken(learnt()))).artefact)
