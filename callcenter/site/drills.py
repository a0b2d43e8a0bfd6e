"""What a site file may say of drills on the live line (H12). Times are seconds, from 1 up."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from callcenter.site.parts import Part


class DrillPolicy(Part):
    """Limits of every drill, whatever its scenario asks for: the line is the callers'."""

    at_once: Annotated[int, Field(ge=1, le=100, description="at most so many simulated callers at the same time")] = 20
    a_minute: Annotated[int, Field(ge=1, le=120, description="at most so many are begun")] = 60
    minutes: Annotated[int, Field(ge=1, le=240, description="no drill sends callers for longer")] = 60
    seats: Annotated[int, Field(ge=1, le=99, description="at most so many simulated seats")] = 30
    every: Annotated[int, Field(ge=0, le=366, description=(
        "days from one drill to the next, when a ticket says that it is due; 0: none"))] = 90
    real_waits: Annotated[int, Field(ge=1, le=600, description=(
        "s; a drill with real seats gives way to every real caller who waits, and is stopped when one waits for so long all the "
        "same"))] = 10
