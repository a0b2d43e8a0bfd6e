"""A wrong definition of a kind is refused with the line and the reason; those that are shipped are right, and lead somewhere."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.errors import ConfigError
from callcenter.roles import Role
from callcenter.settings import CHECKOUT
from callcenter.yamlfile import FileFaults
from crm.kinds.load import SHIPPED, load_kind, shipped_texts
from crm.kinds.schema import FieldType, Kind
from crm.staff.actor import SYSTEM
from crm.tickets.rules import Held, moves

RIGHT = """\
kind: loan
name: {zh: 借用, en: Loan}
prefix: LO
opens_in: asked
opened_by: [agent]
seen_by: [agent, leader]
title: "{what}"
categories:
  tool: {name: {zh: 工具, en: Tool}}
fields:
  what: {name: {zh: 物品, en: Thing}, type: text, required: true}
  size:
    name: {zh: 大小, en: Size}
    type: choice
    options: {small: {zh: 小, en: Small}, large: {zh: 大, en: Large}}
  back_by: {name: {zh: 归还, en: Back by}, type: time}
  borrower: {name: {zh: 借用人, en: Borrower}, type: text, private: true}
stages:
  asked:
    name: {zh: 已申请, en: Asked}
    moves:
      lent: {who: [leader, owner], needs: [borrower, assignee]}
  lent:
    name: {zh: 已借出, en: Lent}
    moves:
      back: {who: [agent]}
  back: {name: {zh: 已归还, en: Back}, final: true}
clocks:
  return:
    name: {zh: 归还, en: Return}
    runs_in: [lent]
    until: back_by
    ladder:
      - {tell: owner}
      - {after: 1h, tell: leader}
  decide:
    name: {zh: 决定, en: Decide}
    runs_in: [asked]
    by_field: size
    allowed_by: {small: 1h, large: 2h}
"""
WAYS_OF_SENDING = """private: true}
  way: {name: {zh: 方式, en: Way}, type: choices,
        options: {post: {zh: 寄, en: Post}, mail: {zh: 邮, en: Mail}, hand: {zh: 送, en: Hand}}}
letters: {how: way}
stages:"""
WRONG: list[tuple[str, str, str, str, str]] = [
    # what is changed, into what, key, problem, what would be right
    ("kind: loan", "kind: Loan", "kind", "`Loan` does not fit", "small letters"),
    ("prefix: LO", "prefix: LOAN", "prefix", "`LOAN` does not fit", "capital letters"),
    ("prefix: LO", "prefix: LO\nprefix: LA", "prefix", "is there twice", "line 3"),
    ("prefix: LO", "prefx: LO", "prefx", "there is no such key", "did you mean `prefix`?"),
    ("prefix: LO\n", "", "prefix", "is missing", "add this key"),
    ("prefix: LO", "prefix: !!int LO", "-", "has the tag int", "leave the tag out"),
    ("opens_in: asked", "opens_in: open", "opens_in", "no stage open", "asked, lent, back"),
    ("opens_in: asked", "opens_in: back", "opens_in", "back is final", "not"),
    ("opened_by: [agent]", "opened_by: [agnt]", "opened_by.0", "no role", "did you mean `agent`"),
    ("opened_by: [agent]", "opened_by: [wallboard]", "opened_by.0", "no role", ""),
    ("seen_by: [agent, leader]", "seen_by: []", "seen_by", "at least 1", ""),
    ("opened_by: [agent]", "opened_by: [employee]", "opened_by.0", "no role", ""),
    ("prefix: LO", "prefix: LO\nhand_in: {words: that}", "hand_in.words", "no field that", "what"),
    ("prefix: LO", "prefix: LO\nhand_in: {words: back_by}", "hand_in.words", "of type time", "what"),
    ("prefix: LO", "prefix: LO\nhand_in: {words: what, urgency: what}", "hand_in.urgency", "of type text", "size"),
    ("prefix: LO", "prefix: LO\nhand_in: {words: borrower, place: borrower}", "hand_in", "names a field twice", "a field for each"),
    ("prefix: LO", "prefix: LO\nhand_in: {words: borrower, urgency: size}", "hand_in", "what is required", "leave"),
    ("en: Loan}", "en: ''}", "name.en", "does not fit", ""),
    ("{what}", "{whom}", "title", "no field whom", "category, what, size"),
    ("{what}", "{borrower}", "title", "borrower is private", "category, what, size"),
    ("{what}", "{what", "title", "expected '}'", "brace"),
    ("{what}", "{what.name}", "title", "no field what.name", ""),
    ("{what}", "{what:>9}", "title", "formatted", "name alone"),
    ("{what}", "{back_by}", "title", "of type time", ""),
    ("type: text, required", "type: txt, required", "fields.what.type", "none of the choices", "'text'"),
    ("    options: {small: {zh: 小, en: Small}, large: {zh: 大, en: Large}}\n", "", "fields.size",
     "without options", "add `options`"),
    ("small: {zh: 小", "Small: {zh: 小", "fields.size.options.Small", "does not fit", "small letters"),
    ("type: time}", "type: time, pattern: x}", "fields.back_by.pattern", "does not fit a field of type time", "text"),
    ("required: true}", "required: true, pattern: '('}", "fields.what.pattern", "no regular expression", ""),
    ("required: true}", "required: true, pattern: '(?=x)y'}", "fields.what.pattern", "no regular expression", "look-around"),
    ("required: true}", "required: true, longest: 0}", "fields.what.longest", "greater than or equal to 1", ""),
    ("required: true}", "required: true, least: 1}", "fields.what.least", "does not fit", "money, number"),
    ("required: true}", "required: true, barred: true}", "fields.what.barred", "does not fit", "person"),
    ("type: time}", "type: files, required: true}", "fields.back_by.required", "no files before it is open", "`needs`"),
    ("  borrower: {", "  assignee: {name: {zh: 人, en: Who}, type: person}\n  borrower: {", "fields.assignee",
     "a word of its own", ""),
    ("      lent: {who", "      lost: {who", "stages.asked.moves.lost", "no stage lost", "asked, lent, back"),
    ("      back: {who", "      lent: {who", "stages.lent.moves.lent", "leads to where it begins", ""),
    ("who: [leader, owner]", "who: [boss]", "stages.asked.moves.lent.who.0", "no role", "leader"),
    ("needs: [borrower,", "needs: [lender,", "stages.asked.moves.lent.needs.0", "no field lender", "borrower"),
    ("who: [agent]}", "who: [agent], only_if: {size: huge}}", "stages.lent.moves.back.only_if.size", "never huge", "small, large"),
    ("who: [agent]}", "who: [agent], only_if: {what: x}}", "stages.lent.moves.back.only_if.what", "no choice", "size"),
    ("final: true}", "final: false}", "stages", "none is final", "final: true"),
    ("  back: {name", "  lost: {name: {zh: 遗失, en: Lost}, final: true}\n  back: {name", "stages.lost",
     "cannot be reached", "add a move"),
    ("      back: {who: [agent]}", "      asked: {who: [agent]}", "stages.back", "cannot be reached", ""),
    ("runs_in: [lent]", "runs_in: [lend]", "clocks.return.runs_in.0", "no stage lend", "asked, lent, back"),
    ("runs_in: [lent]", "runs_in: [lent, back]", "clocks.return.runs_in.1", "back is final", "leave it out"),
    ("runs_in: [lent]", "runs_in: [lent]\n    pauses_in: [lent]", "clocks.return.pauses_in", "in `runs_in` too", "once"),
    ("until: back_by", "until: back_at", "clocks.return.until", "no field back_at", "back_by"),
    ("until: back_by", "until: what", "clocks.return.until", "what is of type text", "time"),
    ("until: back_by", "until: back_by\n    allowed: 1h", "clocks.return", "one of", ""),
    ("until: back_by", "allowed: soon", "clocks.return.allowed", "no length of time", "24h"),
    ("until: back_by", "allowed: 0h", "clocks.return.allowed", "no time at all", "24h"),
    ("until: back_by", "allowed: 3wd", "clocks.return.allowed", "working days", "calendar: office"),
    ("by_field: size", "by_field: what", "clocks.decide.by_field", "what is of type text", "choice"),
    ("{small: 1h, large: 2h}", "{small: 1h}", "clocks.decide.allowed_by", "says nothing of large", "large"),
    ("{small: 1h, large: 2h}", "{small: 1h, large: 2h, huge: 3h}", "clocks.decide.allowed_by.huge",
     "no option huge", "small, large"),
    ("      - {tell: owner}\n", "      - {after: 2h, tell: owner}\n", "clocks.return.ladder.1.after",
     "before the step above", "order"),
    ("  tool: {name: {zh: 工具, en: Tool}}", "  tool: {name: {zh: 工具, en: Tool}, childern: {}}", "categories.tool.childern",
     "no such key", "did you mean `children`?"),
    ("clocks:", "letters: {how: sent_by}\nclocks:", "letters.how", "no choice of post, mail, hand", "these options"),
    ("private: true}\nstages:", WAYS_OF_SENDING, "letters.how", "no choice of post, mail, hand", "these options"),
]


@pytest.mark.rule("J4", part="a wrong definition is refused with the line and the reason")
@pytest.mark.parametrize(("old", "new", "key", "problem", "hint"), WRONG, ids=[f"{row[2]}-{row[3]}"[:60] for row in WRONG])
def test_a_wrong_definition_is_refused_with_line_key_reason_and_what_would_be_right(
        old: str, new: str, key: str, problem: str, hint: str) -> None:
    assert RIGHT.count(old) == 1, "the change must be one"
    text = RIGHT.replace(old, new)
    with pytest.raises(FileFaults) as caught:
        load_kind(text, "loan.yaml")
    found = [fault for fault in caught.value.faults if fault.key == key]
    assert found, [str(fault) for fault in caught.value.faults]
    [fault] = [one for one in found if problem in one.problem]
    assert hint in fault.hint
    assert 1 <= fault.line <= len(text.splitlines())
    last = key.split(".")[-1]
    if not last.isdigit() and last in text.splitlines()[fault.line - 1]:
        return      # the line is the key's own
    assert problem.startswith(("is missing", "at least", "has the tag")) or last.isdigit(), text.splitlines()[fault.line - 1]


def test_all_faults_are_told_at_once_in_the_order_of_the_file() -> None:
    text = RIGHT.replace("opens_in: asked", "opens_in: open").replace("{what}", "{whom}").replace("until: back_by", "until: x")
    with pytest.raises(FileFaults) as caught:
        load_kind(text, "loan.yaml")
    found = [(fault.line, fault.key) for fault in caught.value.faults]
    assert found == [(4, "opens_in"), (7, "title"), (32, "clocks.return.until")]


@pytest.mark.parametrize("text", ["kind: [", "kind: {a: b", "\x00", "? [a]\n: b", "kind: *x", "&a [*a]", "%TAG",
                                  "!!python/object:x {}"])
def test_what_is_no_yaml_of_ours_is_a_fault_with_a_line_and_no_crash(text: str) -> None:
    with pytest.raises(FileFaults) as caught:
        load_kind(text, "x.yaml")
    assert all(fault.line >= 1 for fault in caught.value.faults)


@given(st.text(max_size=200))
def test_no_text_at_all_breaks_the_reader(text: str) -> None:
    with pytest.raises(FileFaults):
        load_kind(text, "x.yaml")


@given(st.sampled_from(sorted(shipped_texts())), st.data())
def test_a_shipped_definition_that_lost_a_line_is_right_or_refused_with_a_line(kind: str, data: st.DataObject) -> None:
    lines = shipped_texts()[kind].splitlines(keepends=True)
    gone = data.draw(st.integers(0, len(lines) - 1))
    faults: list[ConfigError] = []
    try:
        load_kind("".join(lines[:gone] + lines[gone + 1:]), f"{kind}.yaml")
    except FileFaults as error:
        faults = error.faults
    assert all(1 <= fault.line <= len(lines) and fault.problem for fault in faults)


KINDS = {name: load_kind(text, f"{name}.yaml") for name, text in shipped_texts().items()}
WANTED = {
    "repair", "complaint", "suggestion", "enquiry", "praise", "emergency", "callback", "promise", "followup", "nuisance",
    "media", "written_complaint", "key_loan", "vacant_check", "archive_loan", "visit", "letting", "resource_request",
    "order_tracking", "other", "periodic", "upheld", "digest", "vacant_list", "agents_out", "drill",
}


def test_every_kind_of_the_rulebook_is_shipped_and_its_file_is_named_like_it() -> None:
    assert set(KINDS) == WANTED
    assert all(kind.kind == name for name, kind in KINDS.items())
    assert len({kind.prefix for kind in KINDS.values()}) == len(KINDS), "a number says of which kind it is"


@pytest.mark.parametrize("name", sorted(KINDS))
def test_a_shipped_kind_is_thought_through(name: str) -> None:
    """Somebody of each stage's people sees the ticket there, a clock watches it, and its file says which rule it follows."""
    kind = KINDS[name]
    assert re.search(r"#.*\((?:[A-K][0-9]+(?:, )?)+", (SHIPPED / f"{name}.yaml").read_text()) or name == "letting"
    assert kind.clocks, "nobody would notice that it lies about"
    assert set(kind.opened_by) <= set(Role) - {Role.WALLBOARD}
    for stage_name, stage in kind.stages.items():
        for to, move in stage.moves.items():
            roles = {one for one in move.who if isinstance(one, Role)}
            people = {one for one in move.who if not isinstance(one, Role)}
            assert people or roles & set(kind.seen_by), f"{stage_name} to {to}: nobody who may sees it"
    watched = {stage for clock in kind.clocks.values() for stage in (*clock.runs_in, *clock.pauses_in)}
    assert kind.opens_in in watched or name in {"archive_loan", "enquiry", "key_loan"}, "a new ticket has a clock, or may rest"
    for field in kind.fields.values():
        assert field.type is not FieldType.PHONE or field.private, "numbers are private"


def test_the_guide_s_example_is_right() -> None:
    guide = (CHECKOUT / "docs/kinds.md").read_text(encoding="utf-8")
    [example] = re.findall(r"```yaml\n(.*?)```", guide, flags=re.DOTALL)
    assert load_kind(example, "bicycle.yaml").kind == "bicycle"


def start(kind: Kind) -> Held:
    return Held(kind.opens_in, 1, 1, None, None, None, {})


@given(st.sampled_from(sorted(KINDS)), st.lists(st.integers(0, 20), max_size=40))
def test_wherever_a_ticket_of_a_shipped_kind_has_come_it_can_still_be_closed(name: str, choices: list[int]) -> None:
    kind, held = KINDS[name], start(KINDS[name])
    for choice in choices:
        ways = moves(kind, SYSTEM, held)
        if not ways:
            assert kind.final(held.stage)
            break
        assert all(way.may for way in ways)
        held = Held(ways[choice % len(ways)].to, 1, 1, None, None, None, {})
    assert kind.final(held.stage) or shortest(kind, held.stage) is not None


@pytest.mark.parametrize("name", sorted(KINDS))
def test_every_stage_of_a_shipped_kind_is_reached_and_leads_to_its_end_by_few_steps(name: str) -> None:
    kind = KINDS[name]
    seen, waiting = {kind.opens_in}, [kind.opens_in]
    while waiting:
        for to in set(kind.stages[waiting.pop()].moves) - seen:
            seen.add(to)
            waiting.append(to)
    assert seen == set(kind.stages)
    for stage in kind.stages:
        steps = shortest(kind, stage)
        assert steps is not None
        assert steps <= 4


def shortest(kind: Kind, stage: str) -> int | None:
    here, seen, steps = {stage}, {stage}, 0
    while here:
        if any(kind.final(one) for one in here):
            return steps
        here = {to for one in here for to in kind.stages[one].moves} - seen
        seen |= here
        steps += 1
    return None
