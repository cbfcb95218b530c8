"""The console of the Kafka runtime with lag sampled every two seconds: ``python -m tests.deploy.quick_console``.

A window of twelve samples is then 24 seconds long instead of two minutes; everything else is as shipped.
"""

from functools import partial

from ops.commands import console
from ops.lag_sampler import SampledLag


def main() -> None:
    """Serve until SIGTERM."""
    vars(console)["SampledLag"] = partial(SampledLag, interval_seconds=2.0)
    console.command(standalone_mode=False)


if __name__ == "__main__":
    main()
