"""Texts to households: how a gateway is asked by its template, what it may answer, which gateways a site file may name."""

from __future__ import annotations

import json

import pytest
from pydantic import ValidationError

from callcenter.site.texts import TextGateway
from crm.texts.gateway import refused, request

URL = "https://sms.example.com/v1/send?app=7"


def test_the_template_says_where_number_text_mark_and_secret_stand_and_a_text_is_never_a_template() -> None:
    gateway = TextGateway.model_validate({
        "url": URL, "number": "national", "headers": {"X-Key": "k={secret}"},
        "body": {"phones": ["{to}"], "sign": "【云栖】{text}", "more": {"ref": "a-{id}", "kind": 3, "late": None}}})
    made = request(gateway, "+8613812346666", "谢谢 {secret} \"{to}\"\n", "text-9", "hush")
    assert made.url == URL
    assert json.loads(made.body) == {"phones": ["13812346666"], "sign": "【云栖】谢谢 {secret} \"{to}\"\n",
                                     "more": {"ref": "a-text-9", "kind": 3, "late": None}}
    assert made.headers == {"Content-Type": "application/json; charset=utf-8", "X-Key": "k=hush"}
    plain = request(TextGateway(url=URL), "+8613812346666", "hello", "text-9", "hush")
    assert (json.loads(plain.body), plain.headers["Authorization"], plain.headers["Idempotency-Key"]) == (
        {"to": "+8613812346666", "text": "hello"}, "Bearer hush", "text-9")


def test_where_the_site_file_says_so_the_answer_must_say_that_the_text_was_taken_and_numbers_in_it_are_not_repeated() -> None:
    gateway = TextGateway(url=URL, taken={"code": 0})
    assert refused(TextGateway(url=URL), b"") is None
    answers = {b'{"code": 0, "msg": "ok"}': None, b'{"code": 1016}': "code_1016", b'{"code": "13812346666"}': "code_other",
               b"{}": "code_other", b"[]": "not_its_answer", b"<html>": "not_its_answer"}
    assert {answer: refused(gateway, answer) for answer in answers} == answers


@pytest.mark.parametrize(("given", "where"), [
    ({"url": "http://sms.example.com/send"}, "url"), ({"url": "https://user@sms.example.com"}, "url"),
    ({"url": URL, "body": {"to": "{to}"}}, "{text}"), ({"url": URL, "body": {"{to}": "{text}"}}, "{to}"),
    ({"url": URL, "headers": {"X": "a\r\nY: b"}}, "headers"), ({"url": URL, "key": "hush"}, "key")])
def test_a_gateway_is_asked_by_https_with_number_and_text_and_its_secret_is_in_no_site_file(given: dict[str, object],
                                                                                          where: str) -> None:
    with pytest.raises(ValidationError, match="1 validation error") as refusal:
        TextGateway.model_validate(given)
    assert where in str(refusal.value)
