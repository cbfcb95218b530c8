"""The garbage collector rests while a batch is folded: nothing there is a cycle, and a walk visits every state."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_resting() -> Iterator[None]:
    """Collect nothing within the block; afterwards as before. Two threads at once: the first that ends wakes it."""
    was_awake = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_awake:
            gc.enable()
