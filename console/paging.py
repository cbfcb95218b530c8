"""Pages of a list: where the next one begins, as RFC 8288 says it."""

from urllib.parse import urlencode


def next_page(path: str, **query: object) -> str:
    """A ``Link`` header to the next page; relative, as only the caller knows under which name he reached us."""
    return f'<{path}?{urlencode(query)}>; rel="next"'
