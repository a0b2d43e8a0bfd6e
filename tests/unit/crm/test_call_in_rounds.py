"""The rounds of a call-in: nobody twice, so many at once, a replacement for whoever does not come."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callcenter.site.dialling import Dialling
from callcenter.storm import Coming
from crm.callin.lists import Candidate, order
from crm.callin.rounds import COME, Act, Person, Rule, after, go_on, is_to_be_rung, still_needed
from crm.dialling.rules import Quiet, RetryRule, is_enough, next_try
from crm.dialling.schemas import Outcome

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
S = timedelta(seconds=1)
TZ = ZoneInfo("Asia/Shanghai")
pytestmark = pytest.mark.rule("B3")


def rule(at_once: int = 2, wanted: int | None = None, tries: int = 2) -> Rule:
    return Rule(at_once, wanted, tries, retry=300 * S, come_within=3600 * S)


def listed(count: int) -> tuple[Person, ...]:
    return tuple(Person(10 + place, place, Coming.WAITING, NOW) for place in range(count))


def states(people: tuple[Person, ...]) -> list[Coming]:
    return [one.state for one in people]


def told(people: tuple[Person, ...], place: int, act: Act, now: datetime, by: Rule) -> tuple[Person, ...]:
    return go_on([after(one, act, now, by) if one.place == place else one for one in people], now, by)


def test_people_are_rung_so_many_at_once_and_for_each_who_does_not_come_the_next_one_is() -> None:
    by = rule(wanted=2)
    people = go_on(listed(4), NOW, by)
    assert states(people) == [Coming.RINGING, Coming.RINGING, Coming.WAITING, Coming.WAITING]
    people = told(people, 0, Act.REFUSE, NOW, by)
    assert states(people) == [Coming.REFUSED, Coming.RINGING, Coming.RINGING, Coming.WAITING]
    people = told(people, 1, Act.ACCEPT, NOW, by)
    assert states(people) == [Coming.REFUSED, Coming.ACCEPTED, Coming.RINGING, Coming.WAITING], "one more is wanted and rung"
    assert people[1].due_at == NOW + 3600 * S
    people = told(people, 2, Act.NO_ANSWER, NOW, by)
    assert states(people) == [Coming.REFUSED, Coming.ACCEPTED, Coming.WAITING, Coming.RINGING], "who was not rung yet comes first"
    people = told(people, 3, Act.ACCEPT, NOW, by)
    assert states(people) == [Coming.REFUSED, Coming.ACCEPTED, Coming.WAITING, Coming.ACCEPTED], "nobody else is needed"
    late = go_on(people, NOW + 3600 * S, by)
    assert states(late) == [Coming.REFUSED, Coming.LATE, Coming.RINGING, Coming.LATE], "who is left replaces one of them"
    assert states(told(late, 1, Act.ARRIVE, NOW + 3700 * S, by)) == [Coming.REFUSED, Coming.ARRIVED, Coming.RINGING, Coming.LATE]
    people = told(late, 2, Act.NO_ANSWER, NOW + 3660 * S, by)
    assert people[2].state is Coming.NO_ANSWER, "rung twice, and no third time"
    assert after(people[2], Act.ACCEPT, NOW, by).state is Coming.ACCEPTED, "by the page, all the same"
    over = tuple(after(one, Act.RELEASE, NOW, by) for one in people)
    assert states(over) == [Coming.REFUSED, Coming.RELEASED, Coming.NO_ANSWER, Coming.RELEASED]


@settings(max_examples=150, deadline=None)
@given(count=st.integers(1, 12), at_once=st.integers(1, 4), wanted=st.one_of(st.none(), st.integers(1, 8)), tries=st.integers(1, 3),
       happens=st.lists(st.tuples(st.integers(0, 11), st.sampled_from([*Act]), st.integers(0, 2000)), max_size=60))
def test_whatever_happens_nobody_is_rung_twice_and_nobody_is_left_out(
        count: int, at_once: int, wanted: int | None, tries: int, happens: list[tuple[int, Act, int]]) -> None:
    by, now = rule(at_once, wanted, tries), NOW
    people = go_on(listed(count), now, by)
    rung = {one.person_id: int(one.state is Coming.RINGING) for one in people}
    for place, act, seconds in happens:
        if act in (Act.RING, Act.LATE):      # the rounds' own
            act = Act.NO_ANSWER
        now += seconds * S
        before = {one.person_id: one for one in people}
        people = told(people, place, act, now, by)
        for one in people:
            if one.state is Coming.RINGING and before[one.person_id].state is not Coming.RINGING:
                rung[one.person_id] += 1
                assert before[one.person_id].state is Coming.WAITING
        ringing = sum(one.state is Coming.RINGING for one in people)
        assert ringing <= at_once
        needed = still_needed(people, by)
        left = [one for one in people if is_to_be_rung(one, now, by)]
        assert not left or ringing >= min(at_once, needed), "while somebody is left, as many are rung as may be and are needed"
        assert all(one.due_at is None or one.due_at > now for one in people if one.state is Coming.ACCEPTED), "who is due is late"
        assert len([one for one in people if one.state in COME]) + needed >= (count if wanted is None else wanted)
    assert all(times <= tries for times in rung.values())


@pytest.mark.rule("B4", part="who is called")
def test_off_duty_comes_before_on_leave_and_in_the_office_before_at_home() -> None:
    def one(ident: int, tier: int, *traits: str, place: int = 0) -> Candidate:
        return Candidate(ident, place, tier, "on duty" in traits, "on leave" in traits, "other skill" not in traits)

    agents = [one(1, 2, "on leave"), one(2, 2, "on duty"), one(3, 2, place=2), one(4, 2, place=1), one(5, 2, "other skill")]
    assert order(agents) == (4, 3, 5, 1)
    assert order([one(1, 3), one(2, 3, "on duty"), one(3, 3, "on leave")]) == (2, 1, 3)


def test_the_next_quiet_hours_begin_today_or_tomorrow_by_the_site_s_clock() -> None:
    def begin(quiet_from: time, quiet_until: time, day: int, hour: int, minute: int) -> tuple[int, ...] | None:
        """Day, hour and minute there."""
        quiet = Quiet(Dialling(quiet_from=quiet_from, quiet_until=quiet_until), TZ)
        at = quiet.next_begin(datetime(2026, 11, day, hour, minute, tzinfo=TZ))
        local = at.astimezone(TZ) if at else None
        return (local.day, local.hour, local.minute) if local else None

    late, midnight, early, morning = time(21), time(0), time(0, 30), time(8)
    assert [begin(late, morning, *now) for now in ((23, 20, 59), (23, 23, 59), (24, 0, 0), (24, 7, 59))] == [
        (23, 21, 0), (24, 21, 0), (24, 21, 0), (24, 21, 0)]
    assert [begin(midnight, morning, *now) for now in ((23, 23, 59), (24, 0, 0), (24, 8, 0))] == [
        (24, 0, 0), (25, 0, 0), (25, 0, 0)]
    assert [begin(early, morning, *now) for now in ((23, 23, 59), (24, 0, 29), (24, 0, 30))] == [
        (24, 0, 30), (24, 0, 30), (25, 0, 30)]
    assert begin(morning, morning, 23, 20, 59) is None


def test_quiet_hours_reach_over_midnight_and_a_try_in_vain_is_followed_by_rule() -> None:
    quiet = Quiet(Dialling(quiet_from=time(21), quiet_until=time(8)), TZ)
    night, morning = datetime(2026, 11, 23, 13, 0, tzinfo=UTC), datetime(2026, 11, 24, 0, 0, tzinfo=UTC)
    assert [quiet.holds(moment) for moment in (night - S, night, morning - S, morning)] == [False, True, True, False]
    assert (quiet.not_before(night), quiet.not_before(morning - S), quiet.not_before(NOW)) == (morning, morning, NOW)
    assert not Quiet(Dialling(quiet_from=time(8), quiet_until=time(8)), TZ).holds(night)
    begins = night + timedelta(days=1)
    assert [quiet.next_begin(moment) for moment in (night - S, night, morning - S, morning)] == [night, begins, begins, begins]
    by = RetryRule(2, 60 * S, 300 * S)
    assert next_try(1, Outcome.BUSY, NOW, by, None) == NOW + 60 * S
    assert next_try(1, Outcome.NO_ANSWER, NOW, by, NOW + 301 * S) == NOW + 300 * S
    assert next_try(1, Outcome.NO_ANSWER, NOW, by, NOW + 300 * S) is None
    assert next_try(2, Outcome.BUSY, NOW, by, None) is None
    assert [is_enough(Outcome.ANSWERED, key, keys) for key, keys in (("", ""), ("", "1"), ("1", "1"))] == [True, False, True]
