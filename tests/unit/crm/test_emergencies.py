"""Emergencies, without a database: one commander, a timeline that only grows, clocks, deadlines, thresholds, types (H)."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.settings import CHECKOUT
from callcenter.site.incidents import Incidents
from callcenter.yamlfile import FileFaults
from crm.incidents.declared.broadcast import CONFIRM, HELLO, OVER
from crm.incidents.declared.deadlines import report_due
from crm.incidents.declared.errors import NotCommander, NotNow, StillOpen
from crm.incidents.declared.load import SHIPPED, load_type, types_of
from crm.incidents.declared.schema import Definition
from crm.incidents.declared.threshold import Sign, clusters
from crm.incidents.declared.timeline import (
    LEARN,
    SETTLED,
    Entry,
    Phase,
    Plan,
    Standing,
    State,
    StepPlan,
    What,
    after,
    fold,
    hindering,
    late_now,
    late_steps,
    next_late,
)

AT = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
SHANGHAI = ZoneInfo("Asia/Shanghai")
WINDOWS = Incidents().report
PLAN = Plan(
    steps={"talk": StepPlan(timedelta(seconds=60)), "locate": StepPlan(timedelta(seconds=600)),
           "release": StepPlan(timedelta(seconds=1800), after="locate"), "soothe": StepPlan(needed=False),
           "fire": StepPlan(timedelta(seconds=60), on_raise=True)},
    raises_to=1, must_record=frozenset({"rescued"}), must_report=True)


def plus(seconds: float) -> datetime:
    return AT + timedelta(seconds=seconds)


def declared(**more: object) -> State:
    return after(PLAN, State(), Entry(AT, What.DECLARED, by_id=1, level=2))


def said(state: State, what: What, seconds: float = 30, **more: object) -> State:
    return after(PLAN, state, Entry(plus(seconds), what, **{"by_id": 1, **more}))  # type: ignore[arg-type]


@pytest.mark.rule("H2")
@pytest.mark.rule("H3")
def test_a_step_s_clock_begins_when_it_is_declared_or_when_the_step_before_it_is_done_and_late_is_recorded() -> None:
    state = declared()
    assert {name: step.standing for name, step in state.steps.items()} == {
        "talk": "open", "locate": "open", "release": "waiting", "soothe": "open"}, "what is raised is not on the list"
    assert next_late(state) == plus(60)
    assert late_now(state, plus(59)) == ()
    assert late_now(state, plus(60)) == ("talk",)
    state = said(state, What.LATE, 61, step="talk")
    assert (late_now(state, plus(62)), late_steps(state), next_late(state)) == ((), 1, plus(600))
    state = said(state, What.DONE, 90, step="talk")
    assert (state.steps["talk"].is_late, late_steps(state)) == (True, 0), "missed is recorded, and is done all the same"
    state = said(said(state, What.BEGUN, 100, step="locate"), What.DONE, 500, step="locate", by_id=3)
    assert (state.steps["locate"].is_late, state.steps["locate"].by_id) == (False, 3)
    assert state.steps["release"].due_at == plus(500 + 1800)
    for what in (What.BEGUN, What.DONE, What.NOT_NEEDED, What.LATE):
        with pytest.raises(NotNow):
            said(state, what, 4000, step="locate")


@pytest.mark.rule("H9")
def test_children_or_no_answer_in_a_lift_raise_the_level_and_the_rescue_at_once() -> None:
    state = said(declared(), What.CONDITIONS, 120, said=("children",))
    assert state.level == 1
    assert state.steps["fire"].due_at == plus(180)
    again = said(state, What.CONDITIONS, 200, said=("children", "silent"))
    assert again.steps["fire"].due_at == plus(180), "raised once"
    with pytest.raises(NotNow):
        said(again, What.CONDITIONS, 210, said=("silent",))


@pytest.mark.rule("H10")
def test_it_is_over_when_what_is_needed_is_settled_and_recorded_and_closed_when_it_was_learnt_from() -> None:
    state = said(declared(), What.DONE, step="talk")
    with pytest.raises(StillOpen, match="step:locate step:release record:rescued"):
        said(state, What.OVER)
    state = said(said(state, What.NOT_NEEDED, step="locate"), What.DONE, step="release")
    state = said(said(state, What.RECORDED, said=("rescued",)), What.OVER, 900)
    assert (state.phase, state.over_at, hindering(PLAN, state)) == (Phase.OVER, plus(900), ())
    with pytest.raises(NotNow):
        said(state, What.LEVEL, level=1)
    with pytest.raises(StillOpen, match="causes lessons insurance followed_up report"):
        said(state, What.CLOSED)
    for word in LEARN:
        state = said(state, What.LEARNT, said=(word,))
    state = said(said(state, What.FOLLOWED_UP), What.REPORT, said=("approved",))
    with pytest.raises(NotNow):
        said(state, What.REPORT, said=("drafted",))
    closed = said(said(state, What.CLOSED), What.NOTED)
    assert said(closed, What.BROADCAST, said=("stopped",)).phase is Phase.CLOSED
    for begun in ("begun", "again"):
        with pytest.raises(NotNow):
            said(closed, What.BROADCAST, said=(begun, "3"))


ACTS = st.builds(
    Entry, at=st.integers(0, 5000).map(plus), what=st.sampled_from(list(What)), by_id=st.integers(1, 4),
    step=st.sampled_from(["", *PLAN.steps]), level=st.none() | st.integers(1, 3), to_id=st.none() | st.integers(1, 4),
    said=st.sampled_from([(), ("1",), ("2",), ("3",), ("children",), ("rescued",), ("causes",), ("approved",)]))


@pytest.mark.rule("H4")
@given(acts=st.lists(ACTS, max_size=60))
def test_whatever_is_tried_one_person_commands_and_what_is_written_only_grows(acts: list[Entry]) -> None:
    state, kept = declared(), [Entry(AT, What.DECLARED, by_id=1, level=2)]
    phases = list(Phase)
    for act in acts:
        try:
            now = after(PLAN, state, act)
        except (NotNow, NotCommander, StillOpen):
            continue
        kept.append(act)
        assert now.commander_id is not None
        if now.commander_id != state.commander_id:
            assert (act.what, act.said, now.commander_id) == (What.HANDED_OVER, (str(state.commander_id),), act.to_id)
        assert phases.index(now.phase) >= phases.index(state.phase)
        assert now.conditions >= state.conditions
        for name, step in state.steps.items():
            if step.standing in SETTLED:
                assert now.steps[name] == step, "what is settled stays"
            assert now.steps[name].is_late >= step.is_late
            if step.standing is not Standing.WAITING:
                assert now.steps[name].due_at == step.due_at, "nothing moves a clock that runs"
        if now.phase is Phase.OVER and state.phase is Phase.ACTIVE:
            assert hindering(PLAN, now) == ()
        state = now
    assert fold(PLAN, kept) == state, "what stands is what the timeline tells"


@pytest.mark.rule("H7")
@pytest.mark.parametrize(("happened", "due"), [
    ("2026-11-22 09:00", "2026-11-22 18:00"), ("2026-11-22 12:59", "2026-11-22 18:00"), ("2026-11-22 13:00", "2026-11-23 09:00"),
    ("2026-11-22 17:59", "2026-11-23 09:00"), ("2026-11-22 18:00", "2026-11-23 12:00"), ("2026-11-23 00:00", "2026-11-23 12:00"),
    ("2026-11-23 08:59", "2026-11-23 12:00"), ("2026-11-30 23:30", "2026-12-01 12:00"), ("2026-12-31 14:00", "2027-01-01 09:00"),
    ("2028-02-28 20:00", "2028-02-29 12:00"), ("2026-10-01 10:00", "2026-10-01 18:00"), ("2026-09-30 15:00", "2026-10-01 09:00"),
])
def test_the_report_is_due_at_the_next_hour_of_its_window_over_months_years_and_holidays(happened: str, due: str) -> None:
    def local(text: str) -> datetime:
        return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)

    assert report_due(local(happened).astimezone(UTC), WINDOWS, SHANGHAI) == local(due)


@pytest.mark.rule("H7")
@given(happened=st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC)),
       zone=st.sampled_from(["Asia/Shanghai", "America/New_York", "Australia/Lord_Howe", "UTC"]))
def test_whenever_it_happens_there_is_one_hour_at_which_the_report_is_due_within_a_day(happened: datetime, zone: str) -> None:
    tz = ZoneInfo(zone)
    due = report_due(happened, WINDOWS, tz)
    assert timedelta(0) < due - happened <= timedelta(hours=22)
    assert due.astimezone(tz).time() in {time(9), time(12), time(18)}
    at = happened.astimezone(tz).hour
    assert due.astimezone(tz).hour == (18 if 9 <= at < 13 else 9 if 13 <= at < 18 else 12)


@pytest.mark.rule("H1")
def test_five_callers_of_one_building_within_ten_minutes_propose_an_emergency_and_one_who_calls_often_does_not() -> None:
    def signs(count: int, **more: object) -> list[Sign]:
        given = {"building_id": 3, "kind": "emergency", "category": "power", **more}
        return [Sign(at=plus(60 * one), caller=f"home:{one}", ticket_id=one, **given) for one in range(count)]  # type: ignore[arg-type]

    def found(these: list[Sign], seconds: float = 300) -> list[int]:
        return [one.callers for one in clusters(these, plus(seconds), timedelta(minutes=10), 5)]

    assert found(signs(5)) == [5]
    assert found(signs(4)) == []
    assert found([*signs(4), *signs(4, building_id=4), *signs(4, category="lift"), *signs(4, kind="repair")]) == []
    assert found([Sign(plus(one), 3, "emergency", "power", "home:1") for one in range(9)]) == []
    assert found(signs(5), seconds=600) == [], "the first one is too long ago"
    assert found(signs(5), seconds=599) == [5]


@pytest.mark.rule("H2")
@pytest.mark.rule("H5", part="there are words for every shipped type")
@pytest.mark.rule("C5", part="the checklist, with clocks")
@pytest.mark.rule("C9", part="the checklist")
def test_the_types_that_are_shipped_are_those_of_the_rulebook_in_both_languages_with_words_that_are_there(tmp_path: Path) -> None:
    types = types_of(tmp_path / "site.yaml").types
    assert set(types) == {
        "fire-alarm", "lift-entrapment", "gas-leak", "flooding", "earthquake", "home-power-cut", "vehicle", "fight",
        "suspicious-person", "drunk-person", "medical", "lost-child", "storm", "other",
        "own-power-cut", "attack"}
    sounds = CHECKOUT / "asterisk-config/sounds"
    for found in types.values():
        ours = found.type in ("own-power-cut", "attack")       # the hotline's own trouble is no household's
        assert bool(found.broadcast) is not ours, "households can be rung about every other"
        for prompt in (*found.notices, *([found.broadcast] if found.broadcast else []), HELLO, OVER, CONFIRM):
            for language in ("zh", "en"):
                assert (sounds / language / f"{prompt}.wav").is_file(), (found.type, prompt)
        assert any(step.within for step in found.steps.values())
        assert any(step.needed for step in found.steps.values())
    assert len({found.broadcast for found in types.values() if found.broadcast}) == 14, "in words of its own"
    power, attack = types["own-power-cut"], types["attack"]
    assert {"batteries", "off", "told", "announced", "back"} <= {name for name, step in power.steps.items() if step.needed}
    assert {"isolate", "block", "tell", "log"} <= {name for name, step in attack.steps.items() if step.needed and step.within}
    lift = types["lift-entrapment"]
    assert {"children", "old", "pregnant", "silent", "air"} <= set(lift.conditions)
    assert {"started", "rescued", "hospital"} <= set(lift.records)


def test_a_site_s_own_type_is_taken_instead_of_the_shipped_one_and_every_fault_of_it_is_named_with_its_line(tmp_path: Path) -> None:
    own = tmp_path / "incident-types"
    own.mkdir()
    right = (SHIPPED / "other.yaml").read_text(encoding="utf-8")
    (own / "other.yaml").write_text(right.replace("within: 180", "within: 240"), encoding="utf-8")
    assert types_of(tmp_path / "site.yaml").types["other"].steps["ask"].within == 240
    wrong = right.replace("who: guard", "who: gard").replace("level: 3", "level: 4").replace("within: 900", "after: nowhere")
    with pytest.raises(FileFaults) as refused:
        load_type(wrong, "other.yaml")
    assert {(fault.line, fault.key) for fault in refused.value.faults} == {(5, "level"), (18, "steps.safe.who")}
    with pytest.raises(FileFaults) as refused:
        load_type(right.replace("within: 900", "after: nowhere").replace("{place}", "{room}"), "other.yaml")
    assert [(fault.key, fault.problem) for fault in refused.value.faults] == [
        ("chat.zh", "has a name in braces that there is not"), ("chat.en", "has a name in braces that there is not"),
        ("steps.report_up.after", "no step nowhere")]
    for braces in ("{place.name}", "{place[floor]}", "{place.upper}", "{place:>40}", "{"):
        with pytest.raises(FileFaults) as refused:
            load_type(right.replace("{place}", braces), "other.yaml")
        assert {fault.key for fault in refused.value.faults} == {"chat.zh", "chat.en"}, braces
    (own / "fire.yaml").write_text(right, encoding="utf-8")
    (own / "medical.yaml").write_text(wrong, encoding="utf-8")
    found = types_of(tmp_path / "site.yaml")
    assert (len(found.types), found.types["medical"].level) == (16, 2), "the shipped one holds while the own one is wrong"
    assert [(fault.file, fault.key) for fault in found.faults] == [
        ("fire.yaml", "type"), ("medical.yaml", "level"), ("medical.yaml", "steps.safe.who")]


def test_a_kept_type_is_read_as_it_was() -> None:
    for path in SHIPPED.glob("*.yaml"):
        found = load_type(path.read_text(encoding="utf-8"), path.name)
        assert Definition.model_validate(found.model_dump(mode="json")) == found
