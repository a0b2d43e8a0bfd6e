"""What is said of a call-in in chats and mails, and the plan that other staff are given (B4). Nobody's name or number."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Final

from crm.notices.words import File, Language

SUBJECT: Final = {
    ("zh", "called"): "【召回上岗】热线{tier}级应急", ("en", "called"): "[Call-in] hotline surge, tier {tier}",
    ("zh", "released"): "【解除召回】热线{tier}级应急", ("en", "released"): "[Call-in over] hotline surge, tier {tier}",
}
CALLED: Final = {
    "zh": "热线来电激增，需要支援。{at} 起按名单电话通知 {count} 人：接听后按 1 上岗，按 2 不能到岗。",
    "en": "The hotline needs help. From {at} the {count} people on the list are rung: press 1 to come on duty, 2 if you cannot.",
}
LINK: Final = {"zh": "也可登录后在此答复：{link}", "en": "Or sign in and answer here: {link}"}
RELEASED: Final = {"zh": "本级召回已解除，谢谢支援。尚未出发的同事不必再来。",
                   "en": "This call-in is over. Thank you. Whoever has not set out need not come any more."}
PLAN: Final = {
    "zh": ("应急要点：\n1. 到岗后向值班主管报到，在安排的座位登录。\n2. 每个来电记下：姓名、房号、事由、回电号码。\n"
           "3. 有人受困、受伤、起火、漏气或大量漏水：问清位置，立即转紧急队列，不要挂断。\n"
           "4. 已公布的停水、停电、电梯故障：按公告答复，不承诺恢复时间。\n5. 答不上来的，承诺回电并约定时间，不说“不知道”。\n"
           "6. 媒体来电转新闻发言人，不作任何评论。"),
    "en": ("The plan in short:\n1. Report to the duty lead and sign in at the seat you are given.\n"
           "2. Of every call write down: name, room, matter, number to ring back.\n"
           "3. Somebody trapped or hurt, fire, gas, much water: ask where, pass the call to the emergency queue, do not hang up.\n"
           "4. Water, power or lift failures that were announced: answer by the notice, promise no time.\n"
           "5. What you cannot answer: promise a call back at an agreed time; never say “I don't know”.\n"
           "6. The press goes to the spokesperson, without any comment."),
}


@dataclass(frozen=True)
class CallInMessage:
    letter_id: int
    what: str                    # called or released
    tier: int
    at: datetime
    count: int
    pages: str                   # where the pages are; "" for no link

    @property
    def ident(self) -> str:
        return f"call-in-{self.letter_id}"

    @property
    def file(self) -> File | None:
        return None

    def subject(self, language: Language) -> str:
        return SUBJECT[language, self.what].format(tier=self.tier)

    def body(self, language: Language, tz: tzinfo) -> str:
        if self.what == "released":
            return RELEASED[language]
        lines = [CALLED[language].format(at=self.at.astimezone(tz).strftime("%H:%M"), count=self.count)]
        if self.pages:
            lines.append(LINK[language].format(link=f"{self.pages}/surge"))
        if self.tier == 3:
            lines.append(PLAN[language])
        return "\n".join(lines)
