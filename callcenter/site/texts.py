"""What a site file may say of texts (SMS) to households: the gateway that sends them, and how it wants to be asked."""

from __future__ import annotations

from typing import Annotated, Final, Literal, Self

from pydantic import Field, JsonValue, StringConstraints, model_validator

from callcenter.site.parts import NumberPattern, Part

TO, TEXT, IDENT, SECRET = "{to}", "{text}", "{id}", "{secret}"
Header = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9-]{0,60}$")]
HeaderValue = Annotated[str, StringConstraints(pattern=r"^[\x20-\x7e]{0,300}$")]
_WANTED: Final = (TO, TEXT)


class TextGateway(Part):
    """Asked by POST with a JSON body. In the strings of `body` and `headers` stand `{to}` (the number), `{text}`, `{id}` (the same
    at every try of a text) and `{secret}` (the secret `texts`)."""

    url: Annotated[str, StringConstraints(
        pattern=r"^(https://[A-Za-z0-9.-]{1,100}|http://127\.0\.0\.1)(:[0-9]{2,5})?(/[A-Za-z0-9._/?=&-]{0,200})?$"),
        Field(description="https, or this machine's own")]
    body: dict[str, JsonValue] = Field(default={"to": TO, "text": TEXT}, description="the JSON object that is sent")
    headers: dict[Header, HeaderValue] = Field(default={"Authorization": "Bearer {secret}", "Idempotency-Key": IDENT})
    number: Annotated[Literal["e164", "national"], Field(description="+8613800000000, or 13800000000")] = "e164"
    taken: dict[str, JsonValue] = Field(
        default={}, description="what its answer says when it took the text, {code: 0}; nothing: its status alone counts")
    numbers: Annotated[tuple[NumberPattern, ...], Field(min_length=1, description="who may be sent a text, as dialled")] = (
        "1[3-9]XXXXXXXXX",)

    @model_validator(mode="after")
    def says_what_to_whom(self) -> Self:
        there = set(strings(self.body))
        for name in _WANTED:
            if not any(name in one for one in there):
                raise ValueError(f"`body` says nowhere {name}")
        return self


def strings(value: JsonValue) -> list[str]:
    """All that stand in a JSON value, however deep; not the names of its members."""
    match value:
        case str():
            return [value]
        case list():
            return [one for item in value for one in strings(item)]
        case dict():
            return [one for item in value.values() for one in strings(item)]
        case _:
            return []
