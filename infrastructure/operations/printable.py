"""Text of strangers as a terminal may be shown it: titles, paths, what stands in a broken file."""

# What controls a terminal, what ends a line beside the usual, and what turns the direction of all
# that follows. Marks of direction that speak for themselves alone (U+200E, U+200F), as titles in
# Hebrew and Arabic have them, do no harm.
_CONTROLS = (*range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20), *range(0x7F, 0xA0))
_BREAKS_AND_TURNS = (0x2028, 0x2029, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
_ESCAPED = {code: f"\\u{code:04x}" for code in (*_CONTROLS, *_BREAKS_AND_TURNS)}


def printable(text: str) -> str:
    """A text with what would upset a terminal written out, by its number."""
    return text.translate(_ESCAPED)
