"""The waveform: how loud each part of a recording is, a byte a column. Pure but for the file that it is given."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterable
from typing import Final

COLUMNS: Final = 800
HEADER: Final = 44           # a WAV file's, as MixMonitor writes it
_SAMPLE: Final = 2


def peaks(parts: Iterable[bytes], length: int, columns: int = COLUMNS) -> bytes:
    """Of `length` bytes of a WAV file of 16-bit samples: the loudest of each column, 255 is full scale; fewer columns for a
    sound that is shorter than so many samples."""
    samples = max(length - HEADER, 0) // _SAMPLE
    columns = min(columns, samples)
    loudest = [0] * columns
    seen, rest, skipped = 0, b"", 0
    for part in parts:
        if skipped < HEADER:
            dropped = min(HEADER - skipped, len(part))
            skipped, part = skipped + dropped, part[dropped:]
        data = rest + part
        whole = len(data) - len(data) % _SAMPLE
        rest = data[whole:]
        block = array("h", data[:whole])
        if sys.byteorder == "big":
            block.byteswap()
        _take(loudest, block, seen, samples)
        seen += len(block)
    return bytes(min(value >> 7, 255) for value in loudest)


def _take(loudest: list[int], block: array[int], seen: int, samples: int) -> None:
    """`block` begins at sample `seen`."""
    at = 0
    while at < len(block) and seen + at < samples:
        column = (seen + at) * len(loudest) // samples
        until = min(-(-(column + 1) * samples // len(loudest)) - seen, len(block))
        part = block[at:until]
        loudest[column] = max(loudest[column], max(part), -min(part))
        at = until
