"""One text file per language holds every word that the hotline speaks; this reads and checks it.

language: zh                  # which sounds/ folder the file fills
voice: zf_xiaoyi              # the Kokoro voice that speaks it
speed: 1.0                    # 1.0 is the voice's own pace
pronounce: {重听: chóng tīng}  # pinyin (zh) or Kokoro phonemes (en) where the dictionary is wrong
prompts:                      # whole sentences; both languages have the same ids
  welcome: 您好，…
  for-english: {text: "For English, press nine.", voice: en}
parts:                        # pieces that Asterisk puts together: digits, dates, queue positions
  - carrier: 号码是，{}，谢谢。    # said inside this and cut out at the pauses, so that it sounds natural
    texts: {digits/0: 零}
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import yaml

LANGUAGES: Final = ("zh", "en")
VOICES: Final = {"zh": "zf_xiaoyi", "en": "af_heart"}  # what `voice: zh` and `voice: en` stand for

_ID: Final = re.compile(r"[a-z0-9_]+(-[a-z0-9_]+)*(/[a-z0-9_]+(-[a-z0-9_]+)*)*")
_FILE_KEYS: Final = frozenset({"language", "voice", "speed", "pronounce", "prompts", "parts"})
_ENTRY_KEYS: Final = frozenset({"text", "say", "voice", "carrier"})


class PromptTextError(Exception):
    """The text file is wrong; names the file, the line and the key, so that an editor can jump there."""

    def __init__(self, path: Path, line: int, key: str, reason: str) -> None:
        super().__init__(f"{path}:{line}: {key}: {reason}")
        self.path, self.line, self.key, self.reason = path, line, key, reason


@dataclass(frozen=True, slots=True)
class Prompt:
    """One sound file: `text` is what a listener should hear, `say` what the voice is given to say it."""

    id: str
    text: str
    say: str
    language: str  # of the words; a Chinese file may hold an English sentence
    voice: str
    carrier: str | None
    is_part: bool
    line: int
    speed: float | None = None  # instead of the file's
    pause: float | None = None  # seconds of silence after it, instead of a part's usual


@dataclass(frozen=True, slots=True)
class PromptTexts:
    path: Path
    language: str
    speed: float
    pronounce: dict[str, str]
    prompts: dict[str, Prompt]

    @property
    def sentences(self) -> list[Prompt]:
        return [p for p in self.prompts.values() if not p.is_part]


def load(path: Path) -> PromptTexts:
    """Raises PromptTextError for anything that could not be rendered or would be rendered under two names."""
    try:
        root = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise PromptTextError(path, line, "yaml", error.problem or "cannot be read") from error
    if root is None:
        raise PromptTextError(path, 1, "file", "is empty")
    return _Reader(path).read(root)


def load_all(folder: Path) -> dict[str, PromptTexts]:
    """Both languages, refused unless a caller of either hears the same sentences."""
    texts = {language: load(folder / f"{language}.yaml") for language in LANGUAGES}
    for here, there in (("zh", "en"), ("en", "zh")):
        for prompt in texts[here].sentences:
            if prompt.id not in texts[there].prompts:
                reason = f"is missing from {texts[there].path.name}"
                raise PromptTextError(texts[here].path, prompt.line, prompt.id, reason)
    return texts


@dataclass(frozen=True, slots=True)
class _Defaults:
    language: str
    voice: str
    carrier: str | None
    is_part: bool
    speed: float | None = None
    pause: float | None = None


class _Reader:
    """Walks yaml's nodes, not its values, because only nodes know their line."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def fail(self, node: yaml.Node, key: str, reason: str) -> PromptTextError:
        return PromptTextError(self.path, node.start_mark.line + 1, key, reason)

    def read(self, root: yaml.Node) -> PromptTexts:
        fields = {name: value for name, _, value in self.pairs(root, "file")}
        for name, key, _ in self.pairs(root, "file"):
            if name not in _FILE_KEYS:
                raise self.fail(key, name, f"is none of {', '.join(sorted(_FILE_KEYS))}")
        for name in ("language", "voice", "prompts"):
            if name not in fields:
                raise self.fail(root, name, "is missing")
        language = self.text(fields["language"], "language")
        if language not in LANGUAGES:
            raise self.fail(fields["language"], "language", f"is not one of {', '.join(LANGUAGES)}")
        defaults = _Defaults(language, self.text(fields["voice"], "voice"), None, is_part=False)
        prompts: dict[str, Prompt] = {}
        for prompt, key in self.entries(fields["prompts"], "prompts", defaults):
            self.add(prompts, prompt, key)
        for prompt, key in self.groups(fields.get("parts"), defaults):
            self.add(prompts, prompt, key)
        pronounce = fields.get("pronounce")
        sounds = {n: self.text(v, n) for n, _, v in self.pairs(pronounce, "pronounce")} if pronounce else {}
        return PromptTexts(self.path, language, self.speed(fields.get("speed")), sounds, prompts)

    def speed(self, node: yaml.Node | None) -> float:
        return 1.0 if node is None else self.number(node, "speed", 0.5, 2.0)

    def number(self, node: yaml.Node, key: str, least: float, most: float) -> float:
        try:
            number = float(self.text(node, key))
        except ValueError:
            raise self.fail(node, key, "is not a number") from None
        if not least <= number <= most:
            raise self.fail(node, key, f"is not between {least} and {most}")
        return number

    def groups(self, node: yaml.Node | None, defaults: _Defaults) -> Iterator[tuple[Prompt, yaml.Node]]:
        if node is None:
            return
        if not isinstance(node, yaml.SequenceNode):
            raise self.fail(node, "parts", "is not a list of groups")
        for group in node.value:
            fields = {name: value for name, _, value in self.pairs(group, "parts")}
            if "texts" not in fields or not fields.keys() <= {"texts", "carrier", "voice", "speed", "pause"}:
                raise self.fail(group, "parts", "a group has texts and may have carrier, voice, speed and pause")
            language, voice = self.voice(fields.get("voice"), defaults)
            carrier = self.carrier(fields.get("carrier"))
            speed = self.number(fields["speed"], "speed", 0.5, 2.0) if "speed" in fields else None
            pause = self.number(fields["pause"], "pause", 0.0, 0.5) if "pause" in fields else None
            within = _Defaults(language, voice, carrier, is_part=True, speed=speed, pause=pause)
            yield from self.entries(fields["texts"], "texts", within)

    def entries(self, node: yaml.Node, key: str, defaults: _Defaults) -> Iterator[tuple[Prompt, yaml.Node]]:
        for name, name_node, value in self.pairs(node, key):
            if not _ID.fullmatch(name):
                raise self.fail(name_node, name, "is not a lower-case id like welcome-night or digits/0")
            yield self.entry(name, name_node, value, defaults), name_node

    def entry(self, name: str, key: yaml.Node, value: yaml.Node, defaults: _Defaults) -> Prompt:
        line = key.start_mark.line + 1
        if not isinstance(value, yaml.MappingNode):
            text = self.text(value, name)
            return Prompt(
                name, text, text, defaults.language, defaults.voice, defaults.carrier, defaults.is_part, line,
                defaults.speed, defaults.pause)
        fields = {field: node for field, _, node in self.pairs(value, name)}
        if "text" not in fields or not fields.keys() <= _ENTRY_KEYS:
            raise self.fail(key, name, f"needs text and may have {', '.join(sorted(_ENTRY_KEYS - {'text'}))}")
        text = self.text(fields["text"], name)
        language, voice = self.voice(fields.get("voice"), defaults)
        carrier = self.carrier(fields["carrier"]) if "carrier" in fields else defaults.carrier
        say = self.text(fields["say"], name) if "say" in fields else text
        return Prompt(name, text, say, language, voice, carrier, defaults.is_part, line, defaults.speed, defaults.pause)

    def voice(self, node: yaml.Node | None, defaults: _Defaults) -> tuple[str, str]:
        """`en` is the English voice; `en:zf_xiaoyi` is English words in the Chinese voice (its letters)."""
        if node is None:
            return defaults.language, defaults.voice
        language, _, name = self.text(node, "voice").partition(":")
        if language not in LANGUAGES:
            raise self.fail(node, "voice", f"is not one of {', '.join(LANGUAGES)}, or one of them and a name")
        return language, name or VOICES[language]

    def carrier(self, node: yaml.Node | None) -> str | None:
        if node is None:
            return None
        carrier = self.text(node, "carrier")
        if carrier.count("{}") != 1:
            raise self.fail(node, "carrier", "does not hold {} exactly once")
        return carrier

    def add(self, prompts: dict[str, Prompt], prompt: Prompt, key: yaml.Node) -> None:
        if prompt.id in prompts:
            raise self.fail(key, prompt.id, f"is already on line {prompts[prompt.id].line}")
        prompts[prompt.id] = prompt

    def pairs(self, node: yaml.Node, key: str) -> list[tuple[str, yaml.Node, yaml.Node]]:
        """The plain loader keeps the last of two equal keys in silence; here the second one is an error."""
        if not isinstance(node, yaml.MappingNode):
            raise self.fail(node, key, "is not a mapping")
        seen: dict[str, int] = {}
        pairs = []
        for name_node, value in node.value:
            name = self.text(name_node, key)
            if name in seen:
                raise self.fail(name_node, name, f"is already on line {seen[name]}")
            seen[name] = name_node.start_mark.line + 1
            pairs.append((name, name_node, value))
        return pairs

    def text(self, node: yaml.Node, key: str) -> str:
        if not isinstance(node, yaml.ScalarNode):
            raise self.fail(node, key, "is not a text")
        text = str(node.value).strip()
        if not text:
            raise self.fail(node, key, "is empty")
        return text
