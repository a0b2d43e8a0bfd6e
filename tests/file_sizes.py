"""The file-size budget: aim at 150 lines, never more than 400. `python tests/file_sizes.py` fails above that."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
AIM, MOST = 150, 400
FOLDERS = ("agi", "acd", "crm", "dashboard", "callcenter", "asterisk-config", "tests", "bench")
KINDS = {".py", ".ts", ".vue", ".sh", ".j2", ".css"}
SKIPPED = {".venv", "node_modules", "dist", ".git", "__pycache__", ".hypothesis"}


def sizes() -> dict[Path, int]:
    """Lines of every source file of ours."""
    found = {}
    for folder in (ROOT / name for name in FOLDERS):
        for path in folder.rglob("*"):
            if path.suffix in KINDS and path.is_file() and not SKIPPED & set(path.relative_to(ROOT).parts):
                found[path.relative_to(ROOT)] = len(path.read_text(encoding="utf-8").splitlines())
    return found


def main() -> int:
    found = sizes()
    too_long = {path: lines for path, lines in found.items() if lines > MOST}
    for path, lines in sorted(too_long.items()):
        print(f"{path}: {lines} lines, more than {MOST}: split it by subject", file=sys.stderr)
    over = sum(lines > AIM for lines in found.values())
    print(f"{len(found)} files, {over} over {AIM} lines, {len(too_long)} over {MOST}")
    return 1 if too_long or not found else 0


if __name__ == "__main__":
    sys.exit(main())
