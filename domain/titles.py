"""Titles as people search and sort them: without regard to case and accents."""

from unicodedata import normalize

_ACCENTS = range(0x300, 0x370)
_LETTERS = {"ø": "o", "đ": "d", "ð": "d", "ħ": "h", "ł": "l", "æ": "ae", "œ": "oe", "þ": "th"}
"""What decomposes into no letter with an accent, and the letters that it is taken for."""

_PLAIN: dict[int, str | None] = {
    **dict.fromkeys(_ACCENTS),
    **{ord(letter): plain for letter, plain in _LETTERS.items()},
    0x131: "i",  # the one without a dot
}


def folded(title: str) -> str:
    """A title in small letters without accents, with single spaces between its words."""
    plain = " ".join(title.split())
    if plain.isascii():
        return plain.lower()
    return normalize("NFKD", plain.casefold()).translate(_PLAIN)
