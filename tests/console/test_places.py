"""Places in words."""

import pytest

from console.places import country_name, place_text


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("FR", "France"),
        ("GB", "United Kingdom"),
        ("United Kingdom", "United Kingdom"),
        ("XX", "XX"),
        (None, ""),
        ("", ""),
    ],
)
def test_a_code_becomes_a_name_and_anything_else_stays(code: str | None, name: str) -> None:
    assert country_name(code) == name


def test_what_is_not_known_is_left_out() -> None:
    assert place_text(None, "DE") == ("Germany",)
    assert place_text("Leeds", None) == ("Leeds",)
    assert place_text(None, None) == ()
