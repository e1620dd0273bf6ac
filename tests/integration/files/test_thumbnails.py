"""Thumbnails: upright, of one frame, without what cameras add, made by a process that cannot take the machine along."""

import io
from typing import Any

import pytest
from PIL import Image

from crm.files.limits import MEGABYTE
from crm.files.thumbnails import SIDE, Thumbnails
from tests.integration.files.conftest import bytes_of, picture

ORIENTATION, MAKER, PLACE = 0x0112, 0x010F, 0x8825


async def made(content: bytes, thumbnails: Thumbnails | None = None) -> Image.Image | None:
    small = await (thumbnails or Thumbnails()).make(bytes_of(content[:99], content[99:]))
    if small is None:
        return None
    image = Image.open(io.BytesIO(small))
    image.load()
    assert image.format == "JPEG"
    return image


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    content = io.BytesIO()
    image.save(content, kind, **options)
    return content.getvalue()


async def test_a_picture_taken_sideways_is_upright_and_tells_no_place() -> None:
    image = Image.new("RGB", (900, 300), "white")
    image.paste("red", (0, 0, 450, 300))
    exif = image.getexif()
    exif[ORIENTATION], exif[MAKER] = 6, "Camera"
    exif.get_ifd(PLACE)[1] = "N"
    small = await made(encoded(image, "JPEG", exif=exif))
    assert small is not None
    assert small.size == (SIDE // 3, SIDE)
    top, bottom = small.getpixel((80, 20)), small.getpixel((80, SIDE - 20))
    assert isinstance(top, tuple)
    assert isinstance(bottom, tuple)
    assert (top[1] < 60, bottom[1] > 200) == (True, True), "what was left is on top"
    assert not dict(small.getexif())


async def test_of_a_moving_picture_the_first_frame_is_shown() -> None:
    frames = [Image.new("RGB", (100, 50), colour) for colour in ("red", "blue", "blue")]
    for kind in ("GIF", "WEBP", "PNG"):
        content = encoded(frames[0], kind, save_all=True, append_images=frames[1:])
        small = await made(content)
        assert small is not None
        pixel = small.getpixel((50, 25))
        assert isinstance(pixel, tuple)
        assert (pixel[0] > 200, pixel[2] < 60) == (True, True), kind


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16", "CMYK"])
async def test_every_mode_of_colour(mode: str) -> None:
    kind = "JPEG" if mode == "CMYK" else "PNG"
    small = await made(encoded(Image.new(mode, (30, 1000)), kind))
    assert small is not None
    assert (small.mode, small.size) == ("RGB", (14, SIDE))


async def test_what_is_clear_is_white() -> None:
    small = await made(encoded(Image.new("RGBA", (50, 50), (0, 0, 0, 0)), "PNG"))
    assert small is not None
    assert small.getpixel((25, 25)) == (255, 255, 255)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        picture()[:50],
        picture("JPEG", (900, 900))[:3000],
        picture("TIFF"),
        b"\0\0\0\x18ftypheic" + bytes(100),
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n",
        encoded(Image.new("1", (30_000, 30_000)), "PNG"),
    ],
    ids=["empty", "cut-png", "cut-jpeg", "tiff", "heic", "postscript", "bomb"],
)
async def test_of_what_cannot_be_unpacked_there_is_none(content: bytes) -> None:
    assert await made(content) is None


async def test_a_picture_is_held_to_memory_and_time() -> None:
    large = encoded(Image.new("RGB", (7_000, 7_000)), "PNG")
    assert await made(large, Thumbnails(memory_bytes=120 * MEGABYTE)) is None
    assert await made(large) is not None
    assert await made(large, Thumbnails(most_pixels=1_000_000)) is None

    async def never() -> Any:
        yield large[:100]
        raise FileNotFoundError

    with pytest.raises(FileNotFoundError):
        await Thumbnails().make(never())
