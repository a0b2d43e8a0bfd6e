"""Photos on paper: read with care, turned upright, made small. What a camera says beside the picture (where, when) stays out."""

from __future__ import annotations

import io
from typing import Final

from PIL import Image, ImageOps

from callcenter.errors import Conflict

MOST_PIXELS: Final = 60_000_000
MOST_SIDE: Final = 1600          # 160 mm at 254 dpi
FORMATS: Final = ("JPEG", "PNG", "WEBP", "GIF")


class PictureUnfit(Conflict):
    """No picture, a damaged one, or one that is too large to be opened."""

    code = "picture_unfit"
    status = 422


def picture(content: bytes) -> Image.Image:
    """Raises PictureUnfit."""
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as found:
            if found.width * found.height > MOST_PIXELS:
                raise PictureUnfit
            found.draft("RGB", (MOST_SIDE, MOST_SIDE))     # a JPEG is read at the size that is needed
            upright = ImageOps.exif_transpose(found).convert("RGBA")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PictureUnfit from error
    upright.thumbnail((MOST_SIDE, MOST_SIDE))
    white = Image.new("RGB", upright.size, "white")
    white.paste(upright, mask=upright.getchannel("A"))
    return white
