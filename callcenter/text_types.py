"""What people write: one definition of the characters that nobody means and a database may refuse, and the types that refuse them.

    Reason = Annotated[str, line(500)]                # one line
    Text = Annotated[str, lines(4000)]                # several: line ends and tabs are meant
    said = ODD_IN_LINES.sub("", given)                # where it is cleaned, not refused

PostgreSQL keeps no NUL, and neither database halves of characters (a lone "\\ud800" of JSON): either would be an error of ours
and not the writer's. pydantic looks into a text, and so finds halves, only where its type has some constraint: a bare `str`
lets them in. Every text that a request may bring has one of these types, or a pattern that names what it lets in
(tests/unit/dashboard/test_request_texts.py).
"""

from __future__ import annotations

import re
from typing import Final

from pydantic import StringConstraints

# As they stand between the brackets of a regular expression.
CONTROLS: Final = r"\x00-\x1f\x7f"
CONTROLS_IN_LINES: Final = r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f"       # without tab and line ends
CONTROLS_BUT_BREAKS: Final = r"\x00-\x09\x0b-\x1f\x7f"             # without the line feed
_HALVES: Final = r"\ud800-\udfff"      # pydantic's own engine knows none: it refuses them before

ONE_LINE: Final = rf"^[^{CONTROLS}]*$"
LINES: Final = rf"^[^{CONTROLS_IN_LINES}]*$"
PLAIN_LINES: Final = rf"^[^{CONTROLS_BUT_BREAKS}]*$"
OURS: Final = frozenset({ONE_LINE, LINES, PLAIN_LINES})

ODD_IN_LINE: Final = re.compile(f"[{CONTROLS}{_HALVES}]")
ODD_IN_LINES: Final = re.compile(f"[{CONTROLS_IN_LINES}{_HALVES}]")
ODD_IN_PLAIN_LINES: Final = re.compile(f"[{CONTROLS_BUT_BREAKS}{_HALVES}]")


def line(most: int, *, least: int = 1, strip: bool = True) -> StringConstraints:
    """Names, reasons, words to look for. `least=0`: it may be empty."""
    return _constraints(ONE_LINE, most, least, strip=strip)


def lines(most: int, *, least: int = 1) -> StringConstraints:
    return _constraints(LINES, most, least)


def plain_lines(most: int, *, least: int = 1) -> StringConstraints:
    """What is shown as it is laid out: line feeds, no tabs."""
    return _constraints(PLAIN_LINES, most, least)


def line_without(others: str, most: int, *, least: int = 1, strip: bool = True) -> StringConstraints:
    """One line that also goes where some other characters mean something: to Asterisk."""
    return StringConstraints(strip_whitespace=strip, pattern=rf"^[^{CONTROLS}{re.escape(others)}]{{{least},{most}}}$")


def _constraints(pattern: str, most: int, least: int, *, strip: bool = True) -> StringConstraints:
    return StringConstraints(strip_whitespace=strip, min_length=least, max_length=most, pattern=pattern)
