"""Titles are found without regard to case and accents."""

import pytest

from domain.titles import folded


@pytest.mark.parametrize(
    ("title", "plain"),
    [
        ("The  Third Man ", "the third man"),
        ("Amélie", "amelie"),
        ("AMELIE\u0301", "amelie"),
        ("Ænon & Œuvre", "aenon & oeuvre"),
        ("Bøøwy, Łódź, Đilas", "boowy, lodz, dilas"),
        ("STRASSE", "strasse"),
        ("Straße", "strasse"),
        ("İstanbul", "istanbul"),
        ("K\u0131sa", "kisa"),
        ("ﬁnal", "final"),
        ("Жизнь", "жизнь"),
        ("君の名は。", "君の名は。"),
        ("", ""),
    ],
)
def test_a_title_is_read_as_people_type_it(title: str, plain: str) -> None:
    assert folded(title) == plain
    assert folded(folded(title)) == folded(title)


def test_what_japanese_marks_change_stays_apart() -> None:
    assert folded("がき") != folded("かき")


def test_a_title_is_found_however_its_letters_are_composed() -> None:
    assert folded("한국") == folded("\u1112\u1161\u11ab\u1100\u116e\u11a8")
