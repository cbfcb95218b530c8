"""Faust's schema for batches: nothing is decoded on the way, so nothing can fail on the way."""

from typing import Any

import faust


class RawBatches(faust.Schema):  # type: ignore[misc]  # Faust is not typed for us
    """Pass the batch through; bytes are decoded by the processor, which owns what it cannot decode."""

    def loads_key(self, app: Any, message: Any, **_: Any) -> Any:
        """A batch has no key of its own."""
        return message.key

    def loads_value(self, app: Any, message: Any, **_: Any) -> Any:
        """The batch as the consumer made it."""
        return message.value
