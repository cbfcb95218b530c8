"""Telephone numbers: as people read them, and as a telephone takes them."""

_TRUNKS = {"+1": (2, 5, 8), "+33": (3, 4, 6, 8, 10), "+44": (3, 7), "+49": (3, 6)}
"""Where the spaces stand in a number of these countries."""


def spaced(number: str) -> str:
    """``+441632960118`` as ``+44 1632 960118``; a number that has spaces, or of another country, stays as it is."""
    if not number.startswith("+") or not number[1:].isdecimal():
        return number
    places = next((places for trunk, places in _TRUNKS.items() if number.startswith(trunk)), ())
    ends = (*places, len(number))
    return " ".join(number[start:end] for start, end in zip((0, *places), ends, strict=True) if number[start:end])


def dialled(number: str) -> str:
    """Digits and the plus only."""
    return "".join(sign for sign in number if sign.isdigit() or sign == "+")
