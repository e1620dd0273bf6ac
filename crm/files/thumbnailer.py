"""The process that opens one stranger's picture and makes a small one of it.

    python -I -c "from crm.files.thumbnailer import main; main()"

It reads one line of JSON and then the picture from its input, and writes a JPEG. What it cannot or will not make a small
one of, it answers with nothing and exit status 1.
"""

import io
import json
import sys
import warnings
from typing import Any, Final

from PIL import Image, ImageOps

from bot.confinement import die_with_parent, hold_to

_FORMATS: Final = ("JPEG", "PNG", "GIF", "WEBP")
_QUALITY: Final = 80


def main() -> None:
    """Make a thumbnail of what comes in."""
    die_with_parent()
    source = sys.stdin.buffer
    try:
        order: dict[str, Any] = json.loads(source.readline())
        hold_to(order["memory_bytes"], order["seconds"])
        made = thumbnail(source.read(), side=order["side"], most_pixels=order["most_pixels"])
    except Exception as error:  # its words may quote the picture
        sys.stderr.write(type(error).__name__)
        sys.exit(1)
    sys.stdout.buffer.write(made)


def thumbnail(content: bytes, *, side: int, most_pixels: int) -> bytes:
    """Return a JPEG of at most `side` pixels each way: upright, its first frame, without what cameras add (the place).

    Raises:
        ValueError: the picture has more pixels than may be unpacked.
        Exception: whatever Pillow makes of what is no picture.
    """
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    Image.MAX_IMAGE_PIXELS = most_pixels
    with Image.open(io.BytesIO(content), formats=_FORMATS) as image:
        if image.width * image.height > most_pixels:
            raise ValueError("too many pixels")
        image.draft("RGB", (2 * side, 2 * side))  # a JPEG is unpacked no larger than needed
        image.load()
        orientation = image.getexif()
        small: Image.Image = image.convert("RGBA" if _may_be_clear(image) else "RGB")
    small.thumbnail((side, side), reducing_gap=2.0)
    small.info.clear()
    small.getexif().update(orientation)
    small = ImageOps.exif_transpose(small)
    if small.mode == "RGBA":
        ground = Image.new("RGB", small.size, "white")
        ground.paste(small, mask=small.getchannel("A"))
        small = ground
    made = io.BytesIO()
    small.save(made, "JPEG", quality=_QUALITY, optimize=True)
    return made.getvalue()


def _may_be_clear(image: Image.Image) -> bool:
    return image.mode in {"RGBA", "LA", "PA", "RGBa", "La"} or "transparency" in image.info
