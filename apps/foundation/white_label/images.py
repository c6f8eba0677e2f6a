"""Which images may be shown to visitors. Told by their first bytes: a name or a header can say anything.

SVG is not among them, for it may hold scripts and would run them on our domain.
"""

from apps.foundation.white_label.errors import not_an_image, too_large

MAXIMUM_BYTES = 1_048_576

_TYPES = (
    (b"\x89PNG\r\n\x1a\n", "png", "image/png"),
    (b"\xff\xd8\xff", "jpg", "image/jpeg"),
    (b"GIF87a", "gif", "image/gif"),
    (b"GIF89a", "gif", "image/gif"),
    (b"\x00\x00\x01\x00", "ico", "image/x-icon"),
)


def image_suffix(field: str, content: bytes) -> str:
    """`png`, `jpg` … of an image. Raises WhiteLabelError."""
    if len(content) > MAXIMUM_BYTES:
        raise too_large(field)
    for start, suffix, _ in _TYPES:
        if content.startswith(start):
            return suffix
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "webp"
    raise not_an_image(field)


def content_type(name: str) -> str:
    """The media type of a stored image, by the suffix it was given here."""
    suffix = name.rpartition(".")[2]
    return next((media_type for _, known, media_type in _TYPES if known == suffix), "image/webp")
