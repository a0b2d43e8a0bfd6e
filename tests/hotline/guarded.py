"""The real guard of an instance of its own, and robots of this machine that hear what it tells. Its clocks are scaled down."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, Final

import yaml

from callcenter.phones import PATIENCE_S
from callcenter.settings import CHECKOUT, Settings, new_settings
from crm.outages.guard import FOLDER, kept
from crm.outages.ways import Story
from hotline.receiver import served

TELL: Final = {"leader": ["leader"], "middle": ["supervisor"], "top": ["operations", "manager"]}
RUNGS: Final = (0, 2, 4)         # s, for 0, 5 and 10 min
LADDER: Final = [{"after": 0, "tell": ["leader"]}, {"after": 2, "tell": ["supervisor"]}, {"after": 4, "tell": ["operations"]},
                 {"after": 3600, "tell": ["manager"]}]


def until(true: Callable[[], Any], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < deadline, f"never: {what}"
        time.sleep(0.05)


@dataclass
class Watched:
    """`said`: each robot's key and what it was sent."""

    settings: Settings
    said: list[tuple[str, str]] = field(default_factory=list)

    @contextmanager
    def guard(self) -> Iterator[subprocess.Popen[bytes]]:
        process = subprocess.Popen([sys.executable, "-m", "crm.outages"], cwd=CHECKOUT, stdout=subprocess.DEVNULL,
                                   env=self.environment)
        try:
            yield process
        finally:
            process.kill()
            process.wait()

    def outage(self, *words: str) -> str:
        return subprocess.run([sys.executable, "-m", "crm.outages", *words], cwd=CHECKOUT, capture_output=True, text=True,
                              check=True, env=self.environment).stdout

    @property
    def environment(self) -> dict[str, str]:
        return os.environ | {"SIXRING_STATE": str(self.settings.state)}

    @property
    def story(self) -> Story:
        return kept(self.settings.state / FOLDER)

    def hears(self, robot: str, what: str, times: int = 1) -> None:
        until(lambda: sum(key == robot and what in text for key, text in self.said) == times, f"{robot}: {what}")

    def all_hear(self, *names: str, what: str = "outage") -> None:
        for robot in TELL:
            for name in names:
                self.hears(robot, f"[{what}] {name}")

    def heard_once_each(self, *names: str) -> None:
        """Every robot of every outage and of every all-clear, once; and each rung not before its time."""
        wanted = {(key, f"[{what}] {name}") for key in TELL for what in ("outage", "all clear") for name in names}
        assert sorted((key, text.splitlines()[0]) for key, text in self.said) == sorted(wanted)
        for ident, rungs in self.story.rungs.items():
            assert [told.after_s for told in rungs] == list(RUNGS)
            assert all((told.at - self.story.outages[ident].began_at).total_seconds() >= told.after_s for told in rungs)


@contextmanager
def watched(state: Path, migrated: Path, components: Mapping[str, Any], *, offset: int, settings: Mapping[str, str] | None = None,
            **outages: Any) -> Iterator[Watched]:
    """An instance that nothing of runs yet, with a database of this version, whose guard watches `components`."""
    said: list[tuple[str, str]] = []

    class Robots(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            said.append((self.path.partition("key=")[2], body["text"]["content"]))
            answer = b'{"errcode": 0}'
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    with served(Robots) as url:
        site: Any = yaml.safe_load((CHECKOUT / "asterisk-config/site.yaml").read_text(encoding="utf-8"))
        site["outages"] = {"look_every": 1, "well_for": 1, "starting": 1, "ladder": LADDER, "components": components, **outages}
        site["notices"] = {"robots": [{"id": name, "kind": "wecom", "url": url, "tell": roles, "language": "en"}
                                      for name, roles in TELL.items()]}
        file = state / "site.yaml"
        file.write_text(yaml.safe_dump(site, allow_unicode=True), encoding="utf-8")
        made = new_settings(state, offset=offset, site_file=file, **{"redis_url": f"unix://{state}/redis.sock", **(settings or {})})
        shutil.copy(migrated, state / "sixring.db")
        made.secrets_file.write_text(json.dumps({f"robot-{name}": name for name in TELL}))
        made.save()
        yield Watched(made, said)
