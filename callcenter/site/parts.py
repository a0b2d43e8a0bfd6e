"""What the parts of a site file are made of: kinds of text and number, and names in both languages.

Identifiers (`id`, seats, prompt names) are restricted to characters that mean nothing to the dialplan.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from callcenter.text_types import line_without

Ident = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,30}$")]
Extension = Annotated[str, StringConstraints(pattern=r"^[0-9]{2,6}$")]
Dialled = Annotated[str, StringConstraints(pattern=r"^\+?[0-9]{2,20}$")]
Key = Annotated[str, StringConstraints(pattern=r"^[0-9*#]$")]
AgentCode = Annotated[str, StringConstraints(pattern=r"^[0-9]{3,6}$")]
Label = Annotated[str, line_without('";,|$[]{}()\\', 60, strip=False)]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
NumberPattern = Annotated[str, StringConstraints(pattern=r"^([0-9XZN]|\[[0-9]+(-[0-9]+)*\]){1,20}\.?$")]
Seconds = Annotated[int, Field(ge=1, le=3600)]
Address = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,100}$")]
UserName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9._-]{0,39}$")]
LOOPBACKS = ("127.0.0.1", "localhost")


# Mobiles; landlines with their area code (010, 02x, 0xxx), without, and as a trunk may show them, with 86. 0900, 00 (abroad),
# 16x and other dear numbers are none of these.
PRIVATE_NUMBERS = (
    "1[3-9]XXXXXXXXX", "861[3-9]XXXXXXXXX",
    "010ZXXXXXXX", "02XZXXXXXXX", "0[3-8]ZXZXXXXXX", "0[3-8]ZXZXXXXXXX", "09ZXZXXXXXX", "09ZXZXXXXXXX",
    "0701ZXXXXXX", "090ZZXXXXXX",
    "8610ZXXXXXXX", "862XZXXXXXXX", "86[3-8]ZXZXXXXXX", "86[3-8]ZXZXXXXXXX", "869ZXZXXXXXX", "869ZXZXXXXXXX",
    "[2-8]XXXXXX", "[2-8]XXXXXXX",
)
# … and to whom an agent passes somebody on: emergency numbers and enquiries, 12345 and the like, 95… and 96…, 400 and 800.
NATIONAL_NUMBERS = (*PRIVATE_NUMBERS, "1[12]X", "123XX", "95XXX", "96XXX", "95XXXX", "96XXXX", "400XXXXXXX", "800XXXXXXX")


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Words(Part):
    """A name in both languages."""

    zh: Label
    en: Label
