"""What a surge changes for callers and agents (B2, B6), from which tier on; and where the line goes when the site is left (C7)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from callcenter.site.parts import Dialled, Extension, Part, Seconds

FromTier = Annotated[int | None, Field(ge=1, le=3, description="holds from this tier on; nothing: never")]


class Evacuation(Part):
    """Whom new callers reach instead while the line is switched: another site, mobiles. Without one: the emergency announcement."""

    numbers: Annotated[tuple[Dialled, ...], Field(max_length=8, description="the first is that of the code *19")] = ()
    ring: Annotated[Seconds, Field(description="s; who is not answered by then hears the announcement")] = 60
    press_1: Annotated[bool, Field(description="who picks up is asked for a 1: mobiles, whose mailbox would have the call")] = False


class Posture(Part):
    """From tier 1 on every agent rings in every queue but the press's, and pauses that are no break are lifted; that is no
    choice. What is one, is here. All of it is over at tier 0."""

    notice_from: FromTier = 1                # the caller is told first that there are many calls
    short_menus_from: FromTier = 1           # a menu says its `in_surge` prompts alone, and asks once
    menu_wait: Annotated[int, Field(ge=1, le=30, description="s that such a menu waits for a key")] = 3
    no_survey_from: FromTier = 1
    callback_from: FromTier = 1
    callback_offer: Annotated[int, Field(ge=5, le=3600, description="as `desk.callback_offer`, then")] = 20
    wrapup_from: FromTier = 1
    wrapup: Annotated[int, Field(ge=1, le=600, description="s; no wrap-up lasts longer then")] = 5
    extra_seats: Annotated[tuple[Extension, ...], Field(
        description="backup and leaders' seats that ring from tier 1 on with nobody signed in, after everybody who is")] = ()
    evacuation: Evacuation = Evacuation()
