"""Titles as people search and sort them, and as clients name things by them."""

import re
from functools import lru_cache
from typing import NamedTuple
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


class SplitTitle(NamedTuple):
    """A title as it is compared, and the year that stood behind it in parentheses."""

    key: str
    year: int | None


_ARTICLES = "the|a|an|der|die|das|ein|eine|le|la|les|un|une|el|los|las|il|lo|gli|de|het|een"
_YEAR_BEHIND = re.compile(r"(.*\S)\s+\((\d{4})\)")
_ARTICLE_BEHIND = re.compile(rf"(.*), ({_ARTICLES})")
_is_article = re.compile(_ARTICLES).fullmatch
_APOSTROPHES = dict.fromkeys((0x27, 0x60, 0x2BC, 0x2018, 0x2019))  # however they are typed


@lru_cache(maxsize=20_000)
def split_title(title: str) -> SplitTitle:
    """A title without regard to case, accents, articles and punctuation.

    What is nothing but these is compared as it stands.
    """
    plain = folded(title)
    year = None
    if behind := _YEAR_BEHIND.fullmatch(plain):
        plain, year = behind[1], int(behind[2])
    return SplitTitle(_without_article(plain) or plain, year)


def _without_article(plain: str) -> str:
    if behind := _ARTICLE_BEHIND.fullmatch(plain):
        plain = behind[1]
    said = plain.translate(_APOSTROPHES).replace("&", " and ")
    words = "".join(each if each.isalnum() else " " for each in said).split()
    return " ".join(words[1:] if len(words) > 1 and _is_article(words[0]) else words)
