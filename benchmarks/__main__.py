"""Every benchmark, one after the other: python -m benchmarks [--small]. Exit code 1 if one fails."""

import pkgutil
import subprocess
import sys
import time

import benchmarks


def main(arguments: list[str]) -> int:
    """Each in a process of its own, so that none warms or fills the memory of the next."""
    failed = []
    for name in sorted(module.name for module in pkgutil.iter_modules(benchmarks.__path__)):
        if name.startswith("_"):
            continue
        print(f"-- benchmarks.{name} {' '.join(arguments)}", flush=True)
        started = time.monotonic()
        status = subprocess.run([sys.executable, "-m", f"benchmarks.{name}", *arguments], check=False).returncode
        print(f"-- {time.monotonic() - started:.1f} s, exit code {status}", flush=True)
        failed += [name] if status else []
    if failed:
        print(f"failed: {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
