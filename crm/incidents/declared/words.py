"""What a report of an emergency says in words: pages have their own, a paper must bring them along."""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import Final

from crm.incidents.declared.models import EmergencyAct
from crm.incidents.declared.schema import Definition
from crm.incidents.declared.timeline import What
from crm.notices.words import Language

SCENE_WORDS: Final[dict[Language, dict[str, str]]] = {
    "zh": {"duty": "值班人员到达现场", "lead": "值班主管到达现场", "others": "其他人员到达现场", "report": "突发事件书面报告"},
    "en": {"duty": "Person on duty is on the scene", "lead": "Duty lead is on the scene", "others": "Others are on the scene",
           "report": "Written report of an emergency"},
}
HEADS: Final[dict[Language, dict[str, str]]] = {
    "zh": {"title": "突发事件报告", "what": "事件", "occurred": "时间", "place": "地点", "course": "经过", "conclusion": "结论",
           "photos": "照片", "signed": "报告人", "approved": "审批人", "level": "级别", "number": "编号",
           "late": "超过规定时间提交", "none": "（未填写）", "photo_unfit": "未印出，见工单附件：{name}",
           "drill": "演练", "causes": "原因", "lessons": "教训与改进", "insurance": "保险"},
    "en": {"title": "Report of an emergency", "what": "What", "occurred": "When", "place": "Where", "course": "Course",
           "conclusion": "Conclusion", "photos": "Photos", "signed": "Written by", "approved": "Approved by", "level": "Level",
           "number": "Number", "late": "After the time at which it was due", "none": "(not filled in)",
           "photo_unfit": "Not printed, with the ticket: {name}", "drill": "Drill", "causes": "Causes", "lessons": "Lessons",
           "insurance": "Insurance"},
}
_ACTS: Final[dict[Language, dict[What, str]]] = {
    "zh": {What.DECLARED: "宣布，{level} 级", What.LEVEL: "级别改为 {level} 级",
           What.HANDED_OVER: "指挥移交给 {to}",
           What.BEGUN: "开始：{step}", What.DONE: "完成：{step}",
           What.LATE: "超时未完成：{step}", What.NOT_NEEDED: "不需要：{step}",
           What.CONDITIONS: "情况：{said}", What.RECORDED: "记录 {said}", What.NOTED: "备注",
           What.CALLED: "又有来电，已有 {said} 户来电",
           What.BROADCAST: "电话通知住户：{said}", What.CHAT: "群消息通知住户", What.OVER: "险情解除",
           What.LEARNT: "总结 {said}",
           What.FOLLOWED_UP: "回访受影响住户 {said} 户", What.REPORT: "书面报告：{said}", What.CLOSED: "办结"},
    "en": {What.DECLARED: "declared, level {level}", What.LEVEL: "level is {level}",
           What.HANDED_OVER: "command handed over to {to}",
           What.BEGUN: "begun: {step}", What.DONE: "done: {step}", What.LATE: "late: {step}", What.NOT_NEEDED: "not needed: {step}",
           What.CONDITIONS: "known: {said}", What.RECORDED: "recorded {said}", What.NOTED: "note",
           What.CALLED: "a further call, {said} callers so far", What.BROADCAST: "households are rung: {said}",
           What.CHAT: "group chats were told", What.OVER: "over", What.LEARNT: "afterwards, {said}",
           What.FOLLOWED_UP: "follow-ups of {said} households", What.REPORT: "written report: {said}", What.CLOSED: "closed"},
}
_SAID: Final[dict[Language, dict[str, str]]] = {
    "zh": {"begun": "开始", "again": "再次拨打", "stopped": "停止", "drafted": "起草", "changed": "修改", "signed": "签字",
           "approved": "批准",
           "causes": "原因", "lessons": "教训", "insurance": "保险"},
    "en": {"again": "again"},
}


def line_of(act: EmergencyAct, found: Definition, names: dict[int, str], language: Language, tz: tzinfo) -> str:
    """One line of the course: when, who, what."""
    known = {**{name: getattr(words, language) for name, words in found.conditions.items()},
             **{name: getattr(record.name, language) for name, record in found.records.items()}, **_SAID[language]}
    step = found.steps.get(act.step)
    said = "、" if language == "zh" else ", "
    text = _ACTS[language][What(act.what)].format(
        level=act.level, step=getattr(step.does, language) if step else "", to=names.get(act.to_id or 0, "?"),
        said=said.join(known.get(one, one) for one in act.said))
    return f"{moment(act.at, tz)} {act.who}: {text}" + (f" – {act.text}" if act.text else "")


def moment(at: datetime, tz: tzinfo) -> str:
    return at.astimezone(tz).strftime("%Y-%m-%d %H:%M")
