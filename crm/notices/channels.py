"""The ways out: a mail server, robots of group chats, a gateway of texts. Each sends one message, or says with a code why not.

Only addresses of the site file are called: https, or this machine's own for the tests. A redirect is not followed, no proxy of
the environment is asked, and of an answer only so much is read as one of theirs has.
"""

from __future__ import annotations

import http.client
import smtplib
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, tzinfo
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any, Final, Protocol
from zoneinfo import ZoneInfo

from callcenter.site import Site
from callcenter.site.desk import Mail, Robot
from callcenter.site.texts import TextGateway
from crm.notices import robots
from crm.notices.words import Language, Letter
from crm.texts import gateway as texts

TIMEOUT_S: Final = 8
LONGEST_ANSWER: Final = 16_384
MAIL: Final = "mail"


class NotSentError(Exception):
    """`code` goes into the delivery's row: never an address, never a secret."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Channel(Protocol):
    def send(self, letter: Letter, address: str, now: datetime) -> None:
        """Raises NotSentError."""
        ...


Secrets = Callable[[], Mapping[str, str]]


@dataclass(frozen=True)
class MailServer:
    mail: Mail
    secrets: Secrets
    language: Language
    tz: tzinfo

    def send(self, letter: Letter, address: str, now: datetime) -> None:
        made = EmailMessage()
        made["From"], made["To"], made["Date"] = self.mail.sender, address, format_datetime(now)
        made["Subject"] = letter.subject(self.language)
        # The same at every try: a mail that is sent again because its sender crashed is known by it.
        made["Message-ID"] = f"<sixring-{letter.ident}@{self.mail.sender.rpartition('@')[2]}>"
        made["Auto-Submitted"] = "auto-generated"
        made.set_content(letter.body(self.language, self.tz))
        if letter.file is not None:
            main, _, sub = letter.file.type.partition("/")
            made.add_attachment(letter.file.content, maintype=main, subtype=sub, filename=letter.file.name)
        try:
            server = self._connected()
            try:
                if self.mail.user:
                    server.login(self.mail.user, _secret(self.secrets, "smtp"))
                server.send_message(made)
            finally:
                _leave(server)
        except smtplib.SMTPRecipientsRefused as error:
            raise NotSentError(f"smtp_{next(iter(error.recipients.values()))[0]}") from error
        except smtplib.SMTPResponseException as error:
            raise NotSentError(f"smtp_{error.smtp_code}") from error
        except (OSError, smtplib.SMTPException, UnicodeError) as error:     # smtplib sends ASCII passwords only
            raise NotSentError(type(error).__name__) from error

    def _connected(self) -> smtplib.SMTP:
        if self.mail.tls == "tls":
            return smtplib.SMTP_SSL(self.mail.host, self.mail.port, timeout=TIMEOUT_S, context=ssl.create_default_context())
        server = smtplib.SMTP(self.mail.host, self.mail.port, timeout=TIMEOUT_S)
        if self.mail.tls == "starttls":
            try:
                server.starttls(context=ssl.create_default_context())
            except BaseException:
                server.close()
                raise
        return server


def _leave(server: smtplib.SMTP) -> None:
    """Whatever it says to that: a mail that it took is sent, and would come eight times if its farewell counted."""
    with suppress(OSError, smtplib.SMTPException):
        server.quit()
    server.close()


@dataclass(frozen=True)
class ChatRobot:
    robot: Robot
    secrets: Secrets
    language: Language
    tz: tzinfo

    def send(self, letter: Letter, address: str, now: datetime) -> None:  # noqa: ARG002 - a robot has one address
        token = _secret(self.secrets, f"robot-{self.robot.id}")
        sign = _secret(self.secrets, f"robot-{self.robot.id}-sign") if self.robot.signed else None
        text = f"{letter.subject(self.language)}\n{letter.body(self.language, self.tz)}"
        wanted = robots.request(self.robot.kind, self.robot.url, token, sign, text, now)
        said = _posted(wanted.url, wanted.body, {"Content-Type": "application/json; charset=utf-8"})
        if code := robots.refused(self.robot.kind, said):
            raise NotSentError(code)


@dataclass(frozen=True)
class TextMessages:
    gateway: TextGateway
    secrets: Secrets
    language: Language
    tz: tzinfo

    def send(self, letter: Letter, address: str, now: datetime) -> None:  # noqa: ARG002
        secret = _secret(self.secrets, texts.KEPT_AS)
        if not (secret.isascii() and secret.isprintable()):
            raise NotSentError("secret_unfit")      # urllib would say it aloud
        wanted = texts.request(self.gateway, address, letter.body(self.language, self.tz), letter.ident, secret)
        if code := texts.refused(self.gateway, _posted(wanted.url, wanted.body, wanted.headers)):
            raise NotSentError(code)


def channels_of(site: Site, secrets: Secrets) -> dict[str, Channel]:
    tz = ZoneInfo(site.timezone)
    found: dict[str, Channel] = {f"robot:{robot.id}": ChatRobot(robot, secrets, robot.language or site.language, tz)
                                 for robot in site.notices.robots}
    if site.texts is not None:
        found[texts.CHANNEL] = TextMessages(site.texts, secrets, site.language, tz)
    if site.notices.mail is not None:
        found[MAIL] = MailServer(site.notices.mail, secrets, site.language, tz)
    return found


def _posted(url: str, body: bytes, headers: Mapping[str, str]) -> bytes:
    """What it answered. Raises NotSentError."""
    try:
        with _OPENER.open(urllib.request.Request(url, body, dict(headers)), timeout=TIMEOUT_S) as answer:  # noqa: S310
            said: bytes = answer.read(LONGEST_ANSWER)
    except urllib.error.HTTPError as error:
        error.close()
        raise NotSentError(f"http_{error.code}") from error
    except (OSError, http.client.HTTPException) as error:
        raise NotSentError(type(error).__name__) from error
    return said


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """None: the redirect is an error, with its status."""


_OPENER: Final = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect())


def _secret(secrets: Secrets, name: str) -> str:
    try:
        value = secrets().get(name)
    except (OSError, ValueError) as error:     # not there, or no JSON, for a moment
        raise NotSentError("secrets_unreadable") from error
    if not value:
        raise NotSentError(f"no_secret:{name}")
    return value
