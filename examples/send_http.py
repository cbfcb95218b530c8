"""Send a batch of CloudEvents to Ringahead's API: send_http.py http://HOST:PORT FILE, key in RINGAHEAD_KEY.

Standard library only, so that it can be copied into an ERP's job. Sending twice is harmless: an event is recognised by
its source and id.
"""

import json
import os
import sys
import urllib.error
import urllib.request
from pathlib import Path

BATCH_EVENTS = 200


def post(base_url: str, key: str, events: list[object]) -> str:
    """Send one batch; returns the receipt. Raises urllib.error.HTTPError, whose body says which event is at fault."""
    request = urllib.request.Request(  # noqa: S310 - the address is the operator's own argument
        f"{base_url.rstrip('/')}/v1/events",
        data=json.dumps(events).encode(),
        headers={"authorization": f"Bearer {key}", "content-type": "application/cloudevents-batch+json"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - as above
        return str(answer.read().decode())


def main() -> int:
    """Send the file batch by batch; 503 means: send the rest again later."""
    base_url, name = sys.argv[1:3]
    events = json.loads(Path(name).read_text("utf-8"))
    for start in range(0, len(events), BATCH_EVENTS):
        try:
            print(post(base_url, os.environ["RINGAHEAD_KEY"], events[start : start + BATCH_EVENTS]))
        except urllib.error.HTTPError as error:
            print(f"{error.code}: {error.read().decode()}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
