"""The AMI link against a scripted server over a real socket: every fault of the library, seen mended."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from acd.ami.errors import AmiLost, AmiRefused, AmiTimedOut
from acd.ami.events import ChannelCreated, DeviceChanged, DialplanSaid, FullyBooted
from acd.ami.link import AmiAddress, AmiLink, LinkLimits
from acd.ami.news import LinkDown, LinkUp

# Test folders are no packages: these two live in conftest.py.
FakeAsterisk = Any
Heard = Any
Scenario = Callable[[Callable[[FakeAsterisk, AmiLink, Heard], Awaitable[None]]], None]


@pytest.mark.parametrize("cut", range(1, 93))
def test_a_name_split_over_two_reads_loses_no_character(cut: int, scenario: Scenario) -> None:
    # Fed to the protocol directly: over the socket the kernel may join what was written apart.
    async def play(fake: FakeAsterisk, link: AmiLink, heard: Heard) -> None:
        protocol = link._protocol
        assert protocol is not None
        message = "Event: UserEvent\r\nUserEvent: Sixring\r\nWhat: identified\r\nCaller: 张三丰 3-2-1201\r\n\r\n".encode()
        protocol.data_received(message[:cut])
        protocol.data_received(message[cut:])
        assert (await heard.until_event(DialplanSaid)).caller == "张三丰 3-2-1201"

    scenario(play)


def test_a_fault_in_handling_and_junk_do_not_close_the_connection(scenario: Scenario) -> None:
    async def play(fake: FakeAsterisk, link: AmiLink, heard: Heard) -> None:
        heard.fails = 1
        fake.say(b"Event: Newchannel\r\nUniqueid: 1\r\n\r\n")
        while heard.fails:
            await asyncio.sleep(0)
        fake.say(b"\r\n\r\n\x00\xff\xfe no header\r\n\r\nEvent\r\n\r\n: : :\r\n\r\n")
        fake.say(b"Event: Newchannel\r\nUniqueid: 2\r\n\r\n")
        assert (await heard.until_event(ChannelCreated)).uniqueid == "2"
        assert len(fake.writers) == 1

    scenario(play)


def test_a_half_open_link_is_noticed_by_the_ping_that_is_not_answered(scenario: Scenario) -> None:
    async def play(fake: FakeAsterisk, link: AmiLink, heard: Heard) -> None:
        fake.silent.add("Ping")
        down = await heard.until(LinkDown)
        assert down == LinkDown("node1", "ami_timed_out")
        fake.silent.clear()
        await heard.until(LinkUp)

    scenario(play, LinkLimits(connect=5, answer=10, ping_every=0.1, ping_reply=0.5, first_retry=0.01, last_retry=0.05))


def test_the_default_limits_notice_a_half_open_link_within_five_seconds() -> None:
    assert LinkLimits().ping_every + LinkLimits().ping_reply <= 5


@pytest.mark.rule("A2")
def test_after_a_reconnect_asterisk_says_booted_again_and_no_action_is_sent_twice(scenario: Scenario) -> None:
    async def play(fake: FakeAsterisk, link: AmiLink, heard: Heard) -> None:
        fake.silent.add("Originate")
        pending = asyncio.create_task(link.ask("Originate", {"Channel": "PJSIP/1001"}))
        await fake.until_asked("Originate")
        fake.cut()
        with pytest.raises(AmiLost):
            await pending
        assert isinstance(await heard.until(LinkDown), LinkDown)
        await heard.until_event(FullyBooted)
        await heard.until(LinkUp)
        await link.ask("Ping")
        assert len(fake.asked("Originate")) == 1
        assert len(fake.writers) == 2

    scenario(play)


def test_an_action_while_the_link_is_down_fails_at_once() -> None:
    async def run() -> None:
        link = AmiLink(AmiAddress("node1", "127.0.0.1", 1, "sixring", "s"), lambda item: None)
        with pytest.raises(AmiLost):
            await link.ask("Ping")

    asyncio.run(run())


def test_every_action_has_a_deadline(scenario: Scenario) -> None:
    async def play(fake: FakeAsterisk, link: AmiLink, heard: Heard) -> None:
        fake.silent.add("QueueStatus")
        with pytest.raises(AmiTimedOut):
            await link.ask_list("QueueStatus", deadline=0.05)
        late = fake.asked("QueueStatus")[0]["ActionID"]
        fake.say(f"Event: DeviceStateChange\r\nActionID: {late}\r\nDevice: PJSIP/late\r\nState: INUSE\r\n\r\n".encode())
        fake.say(b"Event: DeviceStateChange\r\nDevice: PJSIP/live\r\nState: INUSE\r\n\r\n")
        assert await heard.until_event(DeviceChanged) == DeviceChanged("PJSIP/live", "INUSE")

    scenario(play)


def test_a_refused_action_and_a_refused_list_are_named_errors(scenario: Scenario) -> None:
    async def play(fake: FakeAsterisk, link: AmiLink, heard: Heard) -> None:
        fake.scripts["QueueAdd"] = fake.scripts["QueueStatus"] = lambda action: (
            f"Response: Error\r\nActionID: {action['ActionID']}\r\nMessage: No such queue\r\n\r\n".encode())
        with pytest.raises(AmiRefused, match="No such queue"):
            await link.ask("QueueAdd", {"Queue": "x"})
        with pytest.raises(AmiRefused, match="No such queue"):
            await link.ask_list("QueueStatus")

    scenario(play)


def test_a_successful_queue_add_resolves(scenario: Scenario) -> None:
    async def play(fake: FakeAsterisk, link: AmiLink, heard: Heard) -> None:
        fake.scripts["QueueAdd"] = lambda action: (
            f"Response: Success\r\nActionID: {action['ActionID']}\r\nMessage: Added x to queue\r\n\r\n".encode())
        assert (await link.ask("QueueAdd", {"Queue": "repair"}))["response"] == "Success"

    scenario(play)


def test_a_list_is_its_items_and_an_event_with_a_pending_action_id_reaches_the_floor(scenario: Scenario) -> None:
    async def play(fake: FakeAsterisk, link: AmiLink, heard: Heard) -> None:
        fake.scripts["QueueStatus"] = lambda action: "".join(
            f"{first}\r\nActionID: {action['ActionID']}\r\n{rest}\r\n" for first, rest in (
                ("Response: Success", "EventList: start\r\n"), ("Event: QueueMember", "Name: 1001\r\n"),
                ("Event: QueueMember", "Name: 1002\r\n"), ("Event: QueueStatusComplete", "EventList: Complete\r\n"),
            )).encode()
        fake.scripts["Originate"] = lambda action: (
            f"Event: Newchannel\r\nActionID: {action['ActionID']}\r\nUniqueid: 4\r\n\r\n"
            f"Response: Success\r\nActionID: {action['ActionID']}\r\n\r\n").encode()
        members = await link.ask_list("QueueStatus")
        assert [row["name"] for row in members] == ["1001", "1002"]
        await link.ask("Originate", {"Channel": "PJSIP/1001", "Async": "true"})
        assert (await heard.until_event(ChannelCreated)).uniqueid == "4"

    scenario(play)


@pytest.mark.rule("C9", part="no header is injected into AMI")
def test_a_callers_name_cannot_begin_a_header_of_its_own(scenario: Scenario) -> None:
    async def play(fake: FakeAsterisk, link: AmiLink, heard: Heard) -> None:
        await link.ask("Originate", {"CallerID": "张三\r\nApplication: System\r\nData: rm\0 -rf"})
        sent = fake.asked("Originate")[0]
        assert sent["CallerID"] == "张三  Application: System  Data: rm  -rf"
        assert "Application" not in sent
        with pytest.raises(ValueError, match="separator"):
            await link.ask("Originate", {"Caller\r\nID": "x"})

    scenario(play)


def test_a_message_without_an_end_cuts_the_link_instead_of_the_memory(scenario: Scenario) -> None:
    async def play(fake: FakeAsterisk, link: AmiLink, heard: Heard) -> None:
        fake.say(b"x" * 1_100_000)
        assert await heard.until(LinkDown) == LinkDown("node1", "ami_lost")

    scenario(play)
