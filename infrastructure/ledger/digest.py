"""The digest that chains a stream's events, so that a changed past shows.

An event's digest covers the digest before it in its stream, the event's whole envelope, and a
salted hash of its payload. Where a user is erased the digests stay, so whatever was chained to them
holds; envelope, payload and salt are gone, and without the salt nobody can guess what they were. In
the salt's place stands which erasure it was: such an event's own digest can't be recomputed any
more, and what it is now is covered by the fact that the erasure recorded (`coverage.py`).

What is hashed, in this order:

- the digest before, 32 bytes (zeros for a stream's first event);
- SHA-256 of salt and state, 32 bytes;
- the format's number, the numbers of the envelope, and how long each text after them is, as
  `_ENVELOPE` packs them: every part has a known end, so no two events read the same;
- the submission id as 32 hexadecimal digits, or nothing; stream, topic and user in UTF-8.
"""

from hashlib import sha256
from struct import Struct

NO_DIGEST = bytes(32)
"""What comes before a stream's first event."""

SALT_BYTES = 16

_ERASURE_MARK = b"\x00"
ERASED_SALT_BYTES = len(_ERASURE_MARK) + 16
"""A salt is never of this length: it tells an event that an erasure has changed."""

_FORMAT = 1
_ABSENT = -1
_ENVELOPE = Struct(">BqqqqBiii")


def event_digest(
    previous: bytes,
    position: int,
    stream: str,
    version: int,
    topic: str,
    recorded_at_us: int,
    catalog_version: int,
    submission_id: str | None,
    user: str | None,
    salt: bytes,
    state: bytes,
) -> bytes:
    """The 32 bytes that an event adds to the chain of its stream.

    `submission_id` in 32 lower-case hexadecimal digits.
    """
    stream_bytes, topic_bytes = stream.encode(), topic.encode()
    user_bytes = b"" if user is None else user.encode()
    submission = b"" if submission_id is None else submission_id.encode()
    envelope = _ENVELOPE.pack(
        _FORMAT,
        position,
        version,
        recorded_at_us,
        catalog_version,
        len(submission),
        len(stream_bytes),
        len(topic_bytes),
        _ABSENT if user is None else len(user_bytes),
    )
    payload = sha256(salt + state).digest()
    return sha256(
        previous + payload + envelope + submission + stream_bytes + topic_bytes + user_bytes
    ).digest()


def erased_salt(erasure: str) -> bytes:
    """What stands in place of the salt of an event that an erasure has changed."""
    return _ERASURE_MARK + bytes.fromhex(erasure)


def erasure_of(salt: bytes) -> str | None:
    """The erasure that has changed an event, by its salt; None if none has."""
    return salt[len(_ERASURE_MARK) :].hex() if len(salt) == ERASED_SALT_BYTES else None
