"""Outside numbers: what the loopback trunk dials rings at a phone of this machine."""

from __future__ import annotations

import pytest
from hotline.line import Line

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_the_trunk_rings_an_outside_number_and_both_can_talk(line: Line) -> None:
    phone = await line.outside("13911112222")
    phone.answers_after(0.1)
    async with line.hotline.ami() as ami:
        await ami.act("Originate", Channel="PJSIP/13911112222@trunk", Application="Playback", Data="goodbye", Async="true")
        ring = await phone.rings()
        await ring.answered()
        await ring.hears(lambda heard: len(heard.samples) > 4000, "something")
