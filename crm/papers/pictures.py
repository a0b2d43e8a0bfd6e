"""Photos on paper: read with care, turned upright, made small. What a camera says beside the picture (where, when) stays out."""

from __future__ import annotations

import io
import struct
from typing import Final

from PIL import Image
from PIL.ExifTags import Base
from PIL.Image import Transpose

from callcenter.errors import Conflict

MOST_PIXELS: Final = 60_000_000
MOST_SIDE: Final = 1600          # 160 mm at 254 dpi
FORMATS: Final = ("JPEG", "PNG", "WEBP", "GIF")
# How a camera was held. Not `ImageOps.exif_transpose`: it writes all else anew that the camera says, and cannot write all it reads.
_TURNS: Final = {2: Transpose.FLIP_LEFT_RIGHT, 3: Transpose.ROTATE_180, 4: Transpose.FLIP_TOP_BOTTOM, 5: Transpose.TRANSPOSE,
                 6: Transpose.ROTATE_270, 7: Transpose.TRANSVERSE, 8: Transpose.ROTATE_90}


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
            held = found.getexif().get(Base.Orientation)
            upright = found.convert("RGBA")
            if isinstance(held, int) and held in _TURNS:
                upright = upright.transpose(_TURNS[held])
    except (OSError, struct.error, ValueError, SyntaxError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PictureUnfit from error
    upright.thumbnail((MOST_SIDE, MOST_SIDE))
    white = Image.new("RGB", upright.size, "white")
    white.paste(upright, mask=upright.getchannel("A"))
    return white
