"""The garbage collector rests while a batch is folded: nothing there is a cycle, and a walk visits every state.

What the batch leaves is set aside, too, where later walks pass over it: it goes when the last reference goes, as states
and effects do. Cycles that others made meanwhile lie there with it, so now and then everything is walked once.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

WALK_EVERY = 2_000
"""Batches between two walks over everything: of 100,000 accounts in memory one takes about a tenth of a second."""
_batches = count(1)


@contextmanager
def collector_resting() -> Iterator[None]:
    """Collect nothing within the block; afterwards as before. Two threads at once: the first that ends wakes it."""
    was_awake = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_awake:
            set_aside(next(_batches))
            gc.enable()


def set_aside(batch: int) -> None:
    """Have later walks pass over all that there is now; every ``WALK_EVERY`` batches, walk over it."""
    if batch % WALK_EVERY == 0:
        gc.unfreeze()
        gc.collect()
    gc.freeze()
