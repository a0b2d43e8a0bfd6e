"""Who wants an event, which address is not the inside, how a letter is signed, when it comes again."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.webhooks.addresses import Allowed
from crm.webhooks.rules import (
    DELAYS,
    GIVEN_UP_AFTER,
    EventsRefused,
    UrlRefused,
    check_events,
    check_url,
    is_given_up,
    next_try,
    signature,
    wants,
)

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
PUBLIC = Allowed()
TESTS = Allowed((ip_network("127.0.0.0/8"), ip_network("10.20.0.0/16")))


@pytest.mark.parametrize("address", [
    "127.0.0.1", "10.0.0.5", "172.16.3.4", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "255.255.255.255",
    "224.0.0.1", "198.18.0.1", "::1", "::", "fe80::1", "fc00::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.5",
    "2002:7f00:1::", "2002:808:808::1", "64:ff9b::7f00:1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "fe80::1%eth0"])
def test_no_address_of_the_inside_is_reached_in_whatever_clothes(address: str) -> None:
    assert not PUBLIC.address(ip_address(address))


def test_the_outside_and_what_the_site_file_names_are_reached() -> None:
    assert PUBLIC.address(ip_address("8.8.8.8"))
    assert PUBLIC.address(ip_address("2606:4700::1111"))
    assert TESTS.address(ip_address("10.20.3.4"))
    assert TESTS.address(ip_address("::ffff:10.20.3.4"))
    assert not TESTS.address(ip_address("10.21.0.1"))


@given(st.ip_addresses())
def test_nothing_is_reached_that_python_calls_no_address_of_the_internet(address: IPv4Address | IPv6Address) -> None:
    if PUBLIC.address(address):
        assert address.is_global or (isinstance(address, IPv6Address) and address.ipv4_mapped is not None)


def test_a_name_with_one_address_inside_is_refused_whole() -> None:
    assert not PUBLIC.all_of([ip_address("8.8.8.8"), ip_address("10.0.0.1")])
    assert not PUBLIC.all_of([])


@pytest.mark.parametrize("url", [
    "http://example.com/", "ftp://example.com/", "https://", "https:///x", "https://user:secret@example.com/", "https://u@example.com",
    "https://example.com/#part", "https://10.0.0.1/", "https://[::1]/", "https://127.0.0.1/", "http://127.0.0.1/",
    "https://169.254.169.254/latest/meta-data", "https://example.com:0/", "https://example.com:99999/", "https://exa mple.com/",
    "https://example.com/\r\nX: y", "https://例子.com/", "https://[::1/", "https://example.com\\@10.0.0.1/", "x" * 501, "",
    "https://example.com/" + "x" * 500])
def test_an_address_that_no_letter_goes_to_is_refused_when_it_is_given(url: str) -> None:
    with pytest.raises(UrlRefused):
        check_url(url, PUBLIC)


def test_https_to_a_name_is_taken_and_http_only_to_this_machine_where_that_is_allowed() -> None:
    check_url("https://hooks.example.com:8443/sixring?tenant=3", PUBLIC)
    check_url("http://127.0.0.1:9000/", TESTS)
    check_url("https://10.20.0.1/", TESTS)
    for url in ("http://10.20.0.1/", "http://localhost/"):
        with pytest.raises(UrlRefused):
            check_url(url, TESTS)


@pytest.mark.parametrize(("patterns", "what", "wanted"), [
    (["*"], "ticket.opened", True), (["ticket.*"], "ticket.opened", True), (["ticket.opened"], "ticket.opened", True),
    (["ticket.opened"], "ticket.moved", False), (["ticket.*"], "tickets.moved", False), (["clock.*"], "ticket.opened", False),
    (["clock.*", "ticket.moved"], "ticket.moved", True)])
def test_a_pattern_wants_what_it_says(patterns: list[str], what: str, wanted: bool) -> None:
    assert wants(patterns, None, what, 1) is wanted


@pytest.mark.parametrize(("estates", "estate_id", "wanted"), [
    (None, 1, True), (None, None, True), ([1, 2], 1, True), ([1, 2], 3, False), ([1], None, True), ([], 1, False)])
def test_estates_are_kept_apart_and_what_has_none_is_everybodys(
    estates: list[int] | None, estate_id: int | None, wanted: bool
) -> None:
    assert wants(["*"], estates, "ticket.opened", estate_id) is wanted


def test_what_is_no_pattern_is_refused() -> None:
    check_events(["*", "ticket.*", "order_tracking.late"])
    for pattern in ("", "**", "ticket", "ticket.", ".*", "Ticket.opened", "ticket.opened.twice", "*.opened", "ticket.op*"):
        with pytest.raises(EventsRefused):
            check_events(["*", pattern])
    with pytest.raises(EventsRefused):
        check_events([])


def test_a_letter_is_signed_with_its_time() -> None:
    made = signature("whsec_x", '{"a":"云"}'.encode(), NOW)
    moment, digest = (part.partition("=")[2] for part in made.split(","))
    assert moment == str(int(NOW.timestamp()))
    assert digest == hmac.new(b"whsec_x", f"{moment}.".encode() + '{"a":"云"}'.encode(), hashlib.sha256).hexdigest()


def test_a_letter_that_is_not_received_comes_again_for_about_a_day_and_ever_more_rarely() -> None:
    at, moments = NOW, []
    for tries in range(1, 100):
        following = next_try(tries, at)
        if following is None:
            break
        moments.append(following - at)
        at = following
    assert moments == list(DELAYS) == sorted(moments)
    assert timedelta(hours=22) < at - NOW < timedelta(hours=25)


def test_a_receiver_is_given_up_after_three_days_without_one_that_got_through() -> None:
    assert not is_given_up(None, NOW)
    assert not is_given_up(NOW - GIVEN_UP_AFTER + timedelta(seconds=1), NOW)
    assert is_given_up(NOW - GIVEN_UP_AFTER, NOW)
