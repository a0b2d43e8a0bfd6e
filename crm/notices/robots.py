"""The robots of group chats: WeCom (企业微信), DingTalk (钉钉) and Feishu (飞书): address, signature, body, answer. Pure.

DingTalk signs milliseconds and the key, in the address; Feishu seconds and the key, in the body, and signs nothing with them as
key. What a robot refuses it refuses with status 200 and a code in its answer.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal
from urllib.parse import urlencode

Kind = Literal["wecom", "dingtalk", "feishu"]
LONGEST: Final = 2000    # bytes of text; WeCom takes 2048


@dataclass(frozen=True)
class Request:
    url: str
    body: bytes


def request(kind: Kind, url: str, token: str, sign: str | None, text: str, now: datetime) -> Request:
    text = text.encode()[:LONGEST].decode(errors="ignore")
    body: dict[str, Any]
    match kind:
        case "wecom":
            address, body = f"{url}?{urlencode({'key': token})}", {"msgtype": "text", "text": {"content": text}}
        case "dingtalk":
            query = {"access_token": token}
            if sign is not None:
                stamp = str(int(now.timestamp() * 1000))
                query |= {"timestamp": stamp, "sign": _signed(sign.encode(), f"{stamp}\n{sign}".encode())}
            address, body = f"{url}?{urlencode(query)}", {"msgtype": "text", "text": {"content": text}}
        case "feishu":
            address, body = f"{url.rstrip('/')}/{token}", {"msg_type": "text", "content": {"text": text}}
            if sign is not None:
                stamp = str(int(now.timestamp()))
                body |= {"timestamp": stamp, "sign": _signed(f"{stamp}\n{sign}".encode(), b"")}
    return Request(address, json.dumps(body, ensure_ascii=False).encode())


def refused(kind: Kind, answer: bytes) -> str | None:
    """The robot's code, when it did not take the message; None when it did."""
    try:
        said = json.loads(answer)
        code = said["code"] if kind == "feishu" else said["errcode"]
    except (ValueError, KeyError, TypeError):
        return "not_its_answer"
    return None if code == 0 else f"code_{str(code)[:20]}"


def _signed(key: bytes, text: bytes) -> str:
    return base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()).decode()
