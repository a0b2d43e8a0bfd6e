"""A type of emergency, as its file says it: checklist with who and clocks, what is asked, told and recorded (H1, H2, H9). Pure."""

from __future__ import annotations

from collections.abc import Iterator
from string import Formatter
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from callcenter.roles import STAFF as AT_WORK
from callcenter.roles import Role
from callcenter.site.parts import Ident
from callcenter.text_types import line
from callcenter.yamlfile import Broken
from crm.kinds.schema import CATEGORY, ID
from crm.knowledge.schemas import Danger

TYPE: Final = r"^[a-z][a-z0-9-]{0,30}$"
STEP: Final = r"^[a-z][a-z0-9_]{0,17}$"         # with `h:` before it the name of a clock
StepId = Annotated[str, StringConstraints(pattern=STEP)]
KindId = Annotated[str, StringConstraints(pattern=ID)]
Line = Annotated[str, line(400)]
Level = Annotated[int, Field(ge=1, le=3, description="1 is the worst")]
Sort = Literal["safety", "equipment", "environment", "service", "other"]
# Who does a step and is no user of ours; the words are in `words.py`.
PARTIES: Final = ("guard", "cleaner", "lift_company", "gas_company", "power_company", "fire_brigade", "police", "ambulance",
                  "family", "resident")
STAFF: Final = tuple(role.value for role in Role if role in AT_WORK and role is not Role.ADMIN)
Who = Annotated[str, StringConstraints(pattern="^(" + "|".join((*STAFF, *PARTIES)) + ")$")]
ToTell = Annotated[str, StringConstraints(pattern="^(" + "|".join(STAFF) + ")$")]
# Named in a text for the chat groups, and filled in when it is written.
PLACES: Final = ("estate", "place", "time", "company")


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Said(Part):
    """Words in both languages."""

    zh: Line
    en: Line


class Step(Part):
    does: Said
    who: Who
    within: Annotated[int, Field(ge=1, le=86_400, description="s; without it the step has no clock")] | None = None
    after: Annotated[StepId, Field(description="its clock begins when that step is settled; else with declaring")] | None = None
    needed: Annotated[bool, Field(description="over only when it is done, or somebody says why it is not needed")] = True
    on_raise: Annotated[bool, Field(description="on the list, and at once, when one of `conditions` holds (H9)")] = False
    tell: Annotated[ToTell, Field(description="who is told when it is late")] = Role.DUTY_LEAD.value
    note: Said | None = None


class Record(Part):
    """A time or a word that must be written down (H9)."""

    name: Said
    type: Literal["time", "text"] = "time"
    needed: bool = False


class Match(Part):
    """Tickets that are about such a thing (H1: five of them propose it)."""

    kind: KindId
    category: Annotated[str, Field(pattern=CATEGORY, description="with all below it")] | None = None


class Opens(Part):
    """The ticket that carries it: photos, calls that are tied to it, the caller who is told."""

    kind: KindId = "emergency"
    category: Annotated[str, Field(pattern=CATEGORY)] | None = None
    on_scene: KindId = "on_scene"        # stages, where its kind has them
    over: KindId = "over"


class Definition(Part):
    type: Annotated[str, Field(pattern=TYPE)]
    name: Said
    sort: Sort
    level: Level                                     # as it is declared, unless somebody says otherwise
    script: Danger | None = None                     # what an agent reads out meanwhile (H8)
    ticket: Opens = Opens()
    matches: Annotated[tuple[Match, ...], Field(max_length=20)] = ()
    report: bool = True                              # a written report is due (H7)
    on_scene: bool = True                            # H3's three clocks; of what has no one place, not
    notices: Annotated[tuple[Ident, ...], Field(description="prompts for callers from there; the first one unless told")] = ()
    broadcast: Annotated[Ident | None, Field(description="prompt of the automatic calls, between greeting and `press 1`")] = None
    chat: Said                                       # {estate} {place} {time} {company}
    conditions: Annotated[dict[StepId, Said], Field(max_length=12)] = {}
    raises_to: Level | None = None                   # the level, when one of the conditions holds
    records: Annotated[dict[StepId, Record], Field(max_length=12)] = {}
    steps: Annotated[dict[StepId, Step], Field(min_length=1, max_length=40)]


def broken_references(found: Definition) -> Iterator[Broken]:
    """What the types cannot say."""
    for name, step in found.steps.items():
        where: tuple[int | str, ...] = ("steps", name)
        if name.startswith(SCENE):
            yield where, f"names that begin with {SCENE} are taken", "the clocks of H3 are on every list by themselves"
        if step.after is not None and step.after not in found.steps:
            yield (*where, "after"), f"no step {step.after}", f"one of {', '.join(found.steps)}"
        elif _circles(found, name):
            yield (*where, "after"), "waits for itself", "leave one of them out"
        if step.on_raise and not found.conditions:
            yield (*where, "on_raise"), "there are no conditions", "add `conditions`"
        if step.on_raise and step.after is not None:
            yield (*where, "after"), "what is raised is raised at once", "leave `after` out"
    if found.conditions and found.raises_to is None and not any(step.on_raise for step in found.steps.values()):
        yield ("conditions",), "nothing follows from them", "add `raises_to`, or `on_raise` to a step"
    for language in ("zh", "en"):
        text: str = getattr(found.chat, language)
        if not _fills(text):
            yield ("chat", language), "has a name in braces that there is not", f"of {', '.join('{' + one + '}' for one in PLACES)}"


SCENE: Final = "scene_"


def _fills(text: str) -> bool:
    """Only the names themselves stand in braces: `{place.x}` or `{place:9}` would fail, or write what nobody meant."""
    try:
        return all(name is None or (name in PLACES and not spec and not conversion)
                   for _, name, spec, conversion in Formatter().parse(text))
    except ValueError:
        return False


def _circles(found: Definition, name: str) -> bool:
    seen: set[str] = set()
    at: str | None = name
    while at is not None and at in found.steps:
        if at in seen:
            return True
        seen.add(at)
        at = found.steps[at].after
    return False


def kept(found: Definition) -> dict[str, Any]:
    """As JSON: an emergency goes on by the type as it was when it was declared."""
    return found.model_dump(mode="json")
