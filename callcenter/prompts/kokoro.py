"""The hotline's voice: Kokoro-82M, offline, for the committed prompts and what is said at run time (A10).

Voice("zh").speak("您现在排在第三位。")  # float32, mono, 24 kHz
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

from callcenter.prompts import blobs
from callcenter.prompts.blobs import VoiceUnavailableError
from callcenter.prompts.phonemes import PAUSES, SENTENCE_ENDS, numbered
from callcenter.prompts.texts import VOICES

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from callcenter.prompts.english import English
    from callcenter.prompts.mandarin import Mandarin

    Samples: TypeAlias = NDArray[np.float32]

RATE: Final = 24_000  # Hz, fixed by the model
_MOST_SYMBOLS: Final = 400  # the model takes 510, but its voice thins out well before
_SAMPLES_PER_FRAME: Final = 600  # of the model's duration predictor: 25 ms

# The model computes how long each symbol lasts and keeps it to itself. Declaring that inner tensor as one more
# output lets us cut a digit out of a carrier phrase where the model put it, not where it seems quiet.
# Protobuf merges a message appended to itself, so the declaration is these bytes after the model's:
# graph(7).output(12) = name(1), type(2) float.
_DURATIONS: Final = b"/encoder/Clip_output_0"
_DECLARED: Final = b"\x0a" + bytes([len(_DURATIONS)]) + _DURATIONS + b"\x12\x04\x0a\x02\x08\x01"
_DURATION_OUTPUT: Final = bytes([0x3A, len(_DECLARED) + 2, 0x62, len(_DECLARED)]) + _DECLARED


class Kokoro:
    """The loaded model, 90 MB; one serves every voice. Calling it from several threads is safe."""

    def __init__(self, threads: int = 1) -> None:
        try:
            import numpy
            import onnxruntime
        except ImportError as error:
            raise VoiceUnavailableError(
                f"{error.name} is not installed; run `uv sync --group speech`"
            ) from error
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        self._np = numpy
        self._session: Any = onnxruntime.InferenceSession(
            blobs.model() + _DURATION_OUTPUT, options, providers=["CPUExecutionProvider"]
        )

    def style(self, voice: str) -> Samples:
        styles: Samples = self._np.frombuffer(blobs.voice(voice), dtype="<f4").reshape(-1, 1, 256)
        return styles

    def run(self, symbols: list[int], style: Samples, speed: float) -> tuple[Samples, Samples]:
        """Samples, and the frames that each symbol lasts; both include the model's padding at either end."""
        np = self._np
        feed = {
            "tokens": np.array([[0, *symbols, 0]], dtype=np.int64),
            "style": style[len(symbols)],
            "speed": np.array([speed], dtype=np.float32),
        }
        samples, durations = self._session.run(None, feed)
        return samples, durations[0]


class Voice:
    """Speaks one language; Chinese text may hold Latin words, which the same voice says in English."""

    def __init__(
        self,
        language: str,
        name: str | None = None,
        *,
        speed: float = 1.0,
        pronounce: dict[str, str] | None = None,
        model: Kokoro | None = None,
    ) -> None:
        self._model = model or Kokoro()
        self._style = self._model.style(name or VOICES[language])
        self._speed = speed
        try:
            self._read = _reader(language, pronounce or {})
        except ImportError as error:
            raise VoiceUnavailableError(
                f"{error.name} is not installed; run `uv sync --group speech`"
            ) from error

    def unknown(self, text: str) -> list[str]:
        """Words that `speak` would spell letter by letter; a committed prompt must have none."""
        return self._read.unknown(text)

    def speak(self, text: str) -> Samples:
        import numpy as np

        phonemes = self._read(text)
        spoken = [self._model.run(numbered(piece), self._style, self._speed)[0] for piece in pieces(phonemes)]
        return np.concatenate(spoken) if spoken else np.zeros(0, dtype=np.float32)

    def speak_within(self, text: str, carrier: str) -> Samples:
        """`text` as it sounds within `carrier`, from the middle of the pause before it to that after it."""
        before, _, after = carrier.partition("{}")
        head, body, tail = (self._read(part) for part in (before, text, after))
        first = len(head) + bool(head)
        phonemes = " ".join(part for part in (head, body, tail) if part)
        samples, durations = self._model.run(numbered(phonemes), self._style, self._speed)
        ends = [int(end) * _SAMPLES_PER_FRAME for end in durations.cumsum()]  # ends[i + 1]: of symbol i
        start = _middle_of_pause(phonemes, first, ends, -1)
        stop = _middle_of_pause(phonemes, first + len(body), ends, 1)
        return samples[start:stop]


def _reader(language: str, pronounce: dict[str, str]) -> English | Mandarin:
    from callcenter.prompts.english import English
    from callcenter.prompts.mandarin import Mandarin

    if language == "en":
        return English(pronounce)
    return Mandarin(pronounce, English({}))


def _middle_of_pause(phonemes: str, edge: int, ends: list[int], step: int) -> int:
    """The sample in the middle of the run of pauses and spaces that touches `edge` on the side of `step`."""
    near = edge if step > 0 else edge - 1
    far = near
    while 0 <= far < len(phonemes) and (phonemes[far] == " " or phonemes[far] in PAUSES):
        far += step
    low, high = (near, far) if step > 0 else (far + 1, near + 1)
    if low < 0 or not 0 <= far < len(phonemes):  # the carrier has nothing on this side
        return 0 if step < 0 else ends[-1]
    return (ends[low] + ends[high]) // 2


def pieces(phonemes: str) -> list[str]:
    """Whole sentences, as many as the model speaks well at once; a longer one is cut at its pauses."""
    found: list[str] = []
    current = ""
    for sentence in _split(phonemes, SENTENCE_ENDS):
        for clause in [sentence] if len(sentence) <= _MOST_SYMBOLS else _split(sentence, PAUSES):
            if current and len(current) + len(clause) > _MOST_SYMBOLS:
                found.append(current.strip())
                current = ""
            current += clause
    return [*found, current.strip()] if current.strip() else found


def _split(phonemes: str, marks: frozenset[str]) -> list[str]:
    parts, start = [], 0
    for index, symbol in enumerate(phonemes):
        if symbol in marks and index + 1 < len(phonemes):
            parts.append(phonemes[start : index + 1])
            start = index + 1
    return [*parts, phonemes[start:]]
