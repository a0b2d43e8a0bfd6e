"""A start after one that failed half-way: what that one wrote for Asterisk is read now."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from callcenter.errors import Unavailable
from callcenter.runtime import start as starting
from callcenter.runtime import supervisord
from callcenter.runtime.supervise import Supervisor
from callcenter.settings import Settings, new_settings


class Console:
    def __init__(self) -> None:
        self.lines: list[str] = []

    def console(self, _: Settings, line: str, *, timeout: float) -> str:
        assert timeout > 0
        self.lines.append(line)
        return ""


def test_what_a_start_that_failed_has_written_for_asterisk_is_read_by_the_next(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings, asterisk, full = new_settings(tmp_path, offset=0, site_file=tmp_path / "site.yaml"), Console(), [False]
    queues = settings.asterisk / "etc/queues.conf"

    def prepare(*_: object) -> None:
        if full[0]:
            raise Unavailable("no space left")

    for name, instead in {
            "load_site": lambda _: None, "ports_are_free": lambda _: None, "halt_writers": lambda _: [], "programs": lambda *_: [],
            "configure": lambda _: SimpleNamespace(site=None, secrets={}, owner=None, asterisk=asterisk),
            "prepare_database": prepare, "alive": lambda _: True, "_wait": lambda *_: None, "SOURCES": ()}.items():
        monkeypatch.setattr(starting, name, instead)
    monkeypatch.setattr(supervisord, "render", lambda *_, **__: "")
    for name in ("answers", "start", "update", "restart", "resume"):
        monkeypatch.setattr(Supervisor, name, lambda *_: False)
    for folder in (tmp_path / "run", queues.parent):
        folder.mkdir(parents=True)

    def reloads_after(text: str) -> list[str]:
        queues.write_text(text)
        asterisk.lines.clear()
        starting.start(settings, lambda _: None, wait_s=1)
        return asterisk.lines

    assert reloads_after("[repair]") == [], "it has just been started with it"
    full[0] = True
    with pytest.raises(Unavailable):
        reloads_after("[enquiry]")
    full[0] = False
    assert reloads_after("[enquiry]") == ["core reload"]
    assert reloads_after("[enquiry]") == []
