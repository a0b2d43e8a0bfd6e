"""`python -m callcenter.demo`: keeps the demo's line alive until SIGTERM."""

from __future__ import annotations

import asyncio
import csv
import logging
import random
import signal
from pathlib import Path
from typing import Final

import structlog

from callcenter.demo.callers import Callers, Script
from callcenter.demo.plan import english_key, next_arrival, next_caller, seat_plans, seating, ways
from callcenter.demo.seats import DemoSeat
from callcenter.demo.voices import voices
from callcenter.logs import configure_logs
from callcenter.phones import Phones, Switch
from callcenter.phones.hearing import Prompt
from callcenter.phones.sound import read_wav
from callcenter.settings import CHECKOUT, Settings
from callcenter.site import Site, load_site

HOUSEHOLDS: Final = CHECKOUT / "asterisk-config/demo-households.csv"
SOUNDS: Final = CHECKOUT / "asterisk-config/sounds"
MESSAGE_OFFERS: Final = ("nobody-choice", "all-busy-choice")
RTP_PORTS: Final = (61_000, 65_400)   # above Asterisk's blocks and the kernel's ephemeral ports
DEAD_AFTER_S: Final = 120
KEEP_S: Final = 6.0

log = structlog.get_logger()


def main() -> None:
    configure_logs("demo")
    logging.getLogger("baresip").setLevel(logging.ERROR)  # it tells of every registration and every call
    settings = Settings.load()
    asyncio.run(_run(settings, load_site(settings.site_file), random.Random()))  # noqa: S311 - no secret


async def _run(settings: Settings, site: Site, rng: random.Random) -> None:
    task = asyncio.current_task()
    assert task is not None
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    try:
        async with Phones(Switch(settings.ports.sip), rtp_ports=RTP_PORTS, listen=settings.ports.outside,
                          dead_after_s=DEAD_AFTER_S, keep_s=KEEP_S) as phones:
            await _play(phones, settings, site, rng)
    except asyncio.CancelledError:
        log.info("demo_stopped")


async def _play(phones: Phones, settings: Settings, site: Site, rng: random.Random) -> None:
    said = voices(SOUNDS, rng)
    callers = Callers(phones, Script(site.numbers[0].number, said, _offers()), rng)
    secrets, agents = settings.secrets(), seating(site)
    async with asyncio.TaskGroup() as group:
        group.create_task(_end_with(phones))
        for seat, plan in seat_plans(site).items():
            phone = await phones.unregistered_seat(seat, secrets[f"seat-{seat}"], refresh_s=60)
            sits = DemoSeat(phone, plan, rng, said, callers.on_talk)
            agent = agents.get(seat)
            group.create_task(sits.work(agent, secrets[f"pin-{agent}"]) if agent else sits.stay_registered())
        group.create_task(_send_callers(callers, site, rng))
        log.info("demo_ready", seats=len(site.seats))


async def _send_callers(callers: Callers, site: Site, rng: random.Random) -> None:
    menu = site.numbers[0].menu
    choices, english, numbers = ways(site, menu), english_key(site, menu), household_numbers(HOUSEHOLDS)
    loop = asyncio.get_running_loop()
    began = loop.time()
    at_s = 0.0
    while choices:
        at_s = next_arrival(rng, at_s)
        await asyncio.sleep(max(began + at_s - loop.time(), 0))
        callers.send(next_caller(rng, numbers, choices, english))


async def _end_with(phones: Phones) -> None:
    """A stack that died cannot be started again in this process: the supervisor starts a new one."""
    await phones.died.wait()
    raise RuntimeError("the SIP stack ended")


def household_numbers(path: Path) -> list[str]:
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return sorted({row["number"] for row in csv.DictReader(file) if row.get("number", "").isdigit()})


def _offers() -> list[Prompt]:
    return [Prompt(read_wav(path)) for name in MESSAGE_OFFERS for path in sorted(SOUNDS.glob(f"*/{name}.wav"))]


if __name__ == "__main__":
    main()
