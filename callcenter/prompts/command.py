"""`sixring prompts render` and `sixring prompts check`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from callcenter.prompts import tones
from callcenter.prompts.blobs import VoiceUnavailableError
from callcenter.prompts.check import check
from callcenter.prompts.phonemes import PronunciationError
from callcenter.prompts.render import UnknownPromptError, chosen, remove_orphans, render
from callcenter.prompts.texts import LANGUAGES, PromptTextError, PromptTexts, load_all


def main(argv: Sequence[str]) -> int:
    """0 done, 1 `check` found faults, 2 the texts or the voice are not in order."""
    arguments = _parser().parse_args(argv)
    try:
        texts = load_all(arguments.config / "prompts")
        chosen_languages = {name: texts[name] for name in arguments.language or LANGUAGES}
        if arguments.what == "render":
            return _render(chosen_languages, arguments.config / "sounds", arguments.only, arguments.threads)
        return _check(chosen_languages, arguments.config / "sounds")
    except (PromptTextError, PronunciationError, VoiceUnavailableError, UnknownPromptError) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 2


def _render(texts: dict[str, PromptTexts], sounds: Path, only: list[str], threads: int) -> int:
    tones.write_all(sounds)
    for name in remove_orphans(texts, sounds):
        print(f"removed {name}")
    wanting = chosen(texts, sounds, only)
    if wanting:
        from callcenter.prompts.kokoro import Kokoro

        render(wanting, sounds, Kokoro(threads), report=lambda name: print(f"rendered {name}", flush=True))
    print(f"{len(wanting)} rendered")
    return 0


def _check(texts: dict[str, PromptTexts], sounds: Path) -> int:
    findings = check(texts, sounds)
    for finding in findings:
        print(finding)
    print(f"{sum(len(file.prompts) for file in texts.values())} prompts, {len(findings)} findings")
    return 1 if findings else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="sixring prompts", description="The hotline's spoken prompts.")
    parser.add_argument(
        "--config", type=Path, default=Path("asterisk-config"), help="folder with prompts/ and sounds/"
    )
    actions = parser.add_subparsers(dest="what", required=True)
    render_action = actions.add_parser("render", help="make the sounds whose text changed")
    render_action.add_argument("--only", nargs="+", default=[], metavar="ID", help="these, changed or not")
    render_action.add_argument("--threads", type=int, default=1, help="cores for the voice")
    check_action = actions.add_parser("check", help="prove that every prompt has its sound")
    for action in (render_action, check_action):
        action.add_argument("--language", action="append", choices=LANGUAGES)
    return parser
