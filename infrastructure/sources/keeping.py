"""Keeping: what of a delivery is worth a place and tells it from others: what it says.

Of a form that is the part with the JSON. The picture beside it is left out, and so is the boundary,
which is another each time: the same said twice is the same, byte for byte.
"""

from hashlib import sha256

from infrastructure.sources.heard import Delivery, NotUnderstood
from infrastructure.sources.multipart import is_form, read_form

_SAYING = ("payload", "data")


def essence(delivery: Delivery) -> Delivery:
    """The delivery without what says nothing; as it is, if it can't be taken apart."""
    if not is_form(delivery.content_type):
        return delivery
    try:
        parts = read_form(delivery.content_type, delivery.body, _SAYING)
    except NotUnderstood:
        return delivery
    return _form(parts) if parts else delivery


def _form(parts: dict[str, bytes]) -> Delivery:
    # A digest of what stands between them can't stand in it.
    boundary = sha256(b"".join(parts.values())).hexdigest().encode()
    heading = b'--%s\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
    body = b"".join(
        heading % (boundary, name.encode(), content) for name, content in sorted(parts.items())
    )
    content_type = f"multipart/form-data; boundary={boundary.decode()}"
    return Delivery(content_type, b"%s--%s--\r\n" % (body, boundary))
