"""Who is in which of Asterisk's queues from the file, and which queues there are: docs/contracts.md, "Members wanted"."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from callcenter.site.schema import QueueConfig, Site
from callcenter.stages import Pool, Stage, asterisk_queue

MembersOf = Literal["primary", "backup", "teams"]


def members(site: Site, queue: QueueConfig, stage: MembersOf) -> str:
    """The member lines of a stage: in fixed seating everybody who belongs there, in free seating only seats that are always
    on. In free seating a press queue has none: nobody but a spokesperson, whom acd adds, may answer it (D4)."""
    return "".join(f"member => PJSIP/{seat},0,{seat},PJSIP/{seat}\n" for seat in _seats(site, queue, stage))


def _seats(site: Site, queue: QueueConfig, stage: MembersOf) -> Sequence[str]:
    if site.free_seating:
        return queue.backup if stage == "backup" and not queue.press else ()
    everybody = [seat.seat for seat in site.seats]
    return {"primary": queue.seats, "backup": queue.backup + queue.seats, "teams": tuple(everybody)}[stage]


def pools(site: Site, queue: QueueConfig) -> Iterator[str]:
    """Names of the queues that are tried before the primary agents."""
    if queue.estate_first:
        for estate in site.estates:
            yield asterisk_queue(Stage(queue.id, Pool.ESTATE, estate.id))
    if queue.language_first:
        for language in ("zh", "en"):
            if language != site.language:
                yield asterisk_queue(Stage(queue.id, Pool.LANGUAGE, language))


def press_queue(site: Site) -> str:
    """Where callers of the press go (D4); "" when the site has no such queue."""
    return next((queue.id for queue in site.queues if queue.press), "")


def outside_numbers(site: Site) -> list[str]:
    """Every number that the hotline may dial out to without a caller having asked for it, each once."""
    chained = [number for queue in site.queues for stage in queue.stages for number in stage.numbers]
    return list(dict.fromkeys(chained + [where.number for where in site.departments if where.number]))


def outside_calls(numbers: Sequence[str]) -> str:
    """What Dial() takes: all of them at once."""
    return "&".join(f"Local/{number}@outside/n" for number in numbers)
