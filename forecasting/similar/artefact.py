"""The recommender as bytes with a digest: what a nightly job publishes, and what ranks changed accounts until the next.

Layout: magic, version byte, sha256 of the rest, msgpack of arrays by name. Reading checks all three.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import scipy.sparse as sp

from forecasting.errors import ModelRefused
from forecasting.similar.factors import Factors
from forecasting.similar.population import Items, Population, References
from forecasting.similar.ranker import Ranker
from forecasting.similar.recommender import Recommender

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAGIC, FORMAT, DIGEST = b"RHSIM", 1, 32
INT32 = 2**31
REMEDY = "learn again: `ringahead learn`"


class _Array(msgspec.Struct, array_like=True):
    dtype: str
    shape: list[int]
    data: bytes


class _Sparse(msgspec.Struct, array_like=True):
    shape: list[int]
    data: _Array
    indices: _Array
    indptr: _Array


class _Record(msgspec.Struct):
    as_of_day: float
    skus: list[str]
    buyers: int
    arrays: dict[str, _Array]
    sparse: dict[str, _Sparse]
    references: list[str]
    ranker: Ranker | None


_ITEMS = ("buyers", "fresh", "log_age", "log_silent", "log_sold", "repeat", "breadth", "quantity", "log_price")
_REFERENCES = ("bought", "ever", "votes", "fresh_votes")


def dumps(recommender: Recommender) -> bytes:
    """The artefact; the same recommender gives the same bytes."""
    who = recommender.population
    arrays: dict[str, Any] = {name: getattr(who.items, name) for name in _ITEMS}
    arrays |= {"hot": who.hot, "available": who.available, "group": who.group}
    arrays["appeal"] = who.appeal
    arrays |= {"factors": who.factors.product, "scale": who.factors.scale}
    sparse: dict[str, Any] = {name: getattr(who.references, name) for name in _REFERENCES}
    sparse |= {"cosine": who.cosine, "tokens": who.tokens}
    (arrays if isinstance(who.slow_weights, np.ndarray) else sparse)["weights"] = who.slow_weights
    record = _Record(
        float(recommender.as_of_day),
        list(who.skus),
        who.buyers,
        {name: _packed(value) for name, value in sorted(arrays.items()) if value is not None},
        {name: _packed_sparse(value) for name, value in sorted(sparse.items()) if value is not None},
        list(who.references.place),
        recommender.ranker,
    )
    body = msgspec.msgpack.encode(record)
    return MAGIC + bytes([FORMAT]) + hashlib.sha256(body).digest() + body


def digest_of(data: bytes) -> str:
    """The name of an artefact: sha256 of all its bytes."""
    return hashlib.sha256(data).hexdigest()


def loads(data: bytes) -> Recommender:
    """Read an artefact. Raises ModelRefused for anything that is not, to the byte, one of this format."""
    head = len(MAGIC) + 1
    if data[: len(MAGIC)] != MAGIC or len(data) < head + DIGEST:
        raise ModelRefused(f"not suggestions that were learnt, or only a part of them; {REMEDY}")
    if data[len(MAGIC)] != FORMAT:
        raise ModelRefused(f"suggestions of format {data[len(MAGIC)]}, this version reads {FORMAT}; {REMEDY}")
    body = data[head + DIGEST :]
    if hashlib.sha256(body).digest() != data[head : head + DIGEST]:
        raise ModelRefused(f"the suggestions were altered after they were written; {REMEDY}")
    try:
        return _recommender(msgspec.msgpack.decode(body, type=_Record))
    except (msgspec.DecodeError, ValueError, KeyError) as error:
        raise ModelRefused(f"suggestions that cannot be read ({error}); {REMEDY}") from error


def _recommender(record: _Record) -> Recommender:
    arrays = {name: _unpacked(value) for name, value in record.arrays.items()}
    sparse = {name: _unpacked_sparse(value) for name, value in record.sparse.items()}
    place = {name: number for number, name in enumerate(record.references)}
    references = References(place, *(sparse[name] for name in _REFERENCES))
    population = Population(
        record.skus,
        record.buyers,
        arrays["weights"] if "weights" in arrays else sparse["weights"],
        Factors(arrays["factors"], arrays["scale"]),
        sparse["cosine"],
        references,
        Items(*(arrays.get(name) for name in _ITEMS)),  # type: ignore[arg-type]  # only log_price may be missing
        arrays["hot"],
        arrays["available"],
        arrays.get("group"),
        sparse.get("tokens"),
        arrays.get("appeal"),
    )
    return Recommender(record.as_of_day, population, record.ranker)


def _packed(value: NDArray[Any]) -> _Array:
    return _Array(value.dtype.str, list(value.shape), np.ascontiguousarray(value).tobytes())


def _unpacked(packed: _Array) -> NDArray[Any]:
    return np.frombuffer(packed.data, np.dtype(packed.dtype)).reshape(packed.shape)


def _packed_sparse(value: sp.csr_array) -> _Sparse:
    """In one order and one width, however it came about."""
    tidy = value.sorted_indices()
    indices, indptr = tidy.indices.astype(np.int64), tidy.indptr.astype(np.int64)
    if tidy.nnz < INT32:
        indices, indptr = tidy.indices.astype(np.int32), tidy.indptr.astype(np.int32)
    return _Sparse(list(value.shape), _packed(tidy.data), _packed(indices), _packed(indptr))


def _unpacked_sparse(packed: _Sparse) -> sp.csr_array:
    parts = (_unpacked(packed.data), _unpacked(packed.indices), _unpacked(packed.indptr))
    return sp.csr_array(parts, (packed.shape[0], packed.shape[1]))
