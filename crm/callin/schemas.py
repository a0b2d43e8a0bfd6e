"""What the pages are told of call-ins, and the errors of this domain."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from callcenter.errors import Conflict
from callcenter.storm import Coming
from crm.notices.words import Named


class NumberUnusable(Conflict):
    """None that the site file lets us dial."""

    code = "number_unusable"
    status = 422


class PersonThere(Conflict):
    """The user or agent is on the list already."""

    code = "person_exists"


class UnknownPerson(Conflict):
    """No such user or agent."""

    code = "unknown_user"
    status = 422


class UnknownSkill(Conflict):
    """No queue of that id."""

    code = "unknown_skill"
    status = 422


class CallInOver(Conflict):
    """Nobody is called in any more."""

    code = "call_in_over"


class NotNow(Conflict):
    """They have arrived, or have said so already."""

    code = "not_now"


class NoMobile(Conflict):
    """No seat for a mobile is left, or the list has no number or agent of theirs."""

    code = "no_mobile"


@dataclass(frozen=True)
class NewCallInPerson:
    name: str
    tier: int
    number: str = ""
    user: str | None = None
    agent: str | None = None
    skills: tuple[str, ...] = ()
    language: str = "zh"
    place: int = 0


@dataclass(frozen=True)
class CallInPersonShown:
    person_id: int
    name: str
    tier: int
    number: str                  # masked for who may not see it
    user: str | None
    agent: str | None
    skills: tuple[str, ...]
    language: str
    place: int
    active: bool
    version: int


@dataclass(frozen=True)
class CalledShown:
    person_id: int
    name: str
    state: Coming
    since: datetime
    agent: str | None
    tries: int
    due_at: datetime | None
    arrived_at: datetime | None
    how: str | None              # the answer came by phone, page or leader
    seat: str | None             # that is kept for them


@dataclass(frozen=True)
class CallInShown:
    call_in_id: int
    surge_id: int | None         # null: by hand
    tier: int
    reason: str
    skills: tuple[str, ...]
    wanted: int | None           # null: everybody on the list
    begun_at: datetime
    begun_by: str
    released_at: datetime | None
    released_by: str | None
    called: tuple[CalledShown, ...]


@dataclass(frozen=True)
class MyCallIn:
    """Somebody's own: asked, and what they are to know."""

    call_in_id: int
    tier: int
    state: Coming
    since: datetime
    due_at: datetime | None
    seat: str | None
    plan: Named | None           # of tier 3: the emergency plan in short
    on_mobile: bool              # `seat` is their own phone
    mobile: bool                 # they may take calls on their own phone instead of coming
