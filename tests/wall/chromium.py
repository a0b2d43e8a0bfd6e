"""One Chromium for all tests of pages: how it is started, what every page is held to, and how somebody signs in."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from callcenter.roles import Role
from wall.rig import CHECKOUT, PASSWORD

CHROMIUM: Final = "/usr/bin/chromium"
FLAGS: Final = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--disable-sync")
BUILT: Final = CHECKOUT / "dashboard/web/dist/index.html"
LAPTOP: Final = (1366, 768)
WALL: Final = (1920, 1080)

NEEDS: Final = (
    pytest.mark.skipif(not shutil.which(CHROMIUM), reason="no Chromium"),
    pytest.mark.skipif(not BUILT.is_file(), reason="pages are not built"),
)


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        started.close()


@contextmanager
def chinese_page(browser: Browser, size: tuple[int, int]) -> Iterator[Page]:
    """Fails the test when the page breaks, or breaks its own security policy."""
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, locale="zh-CN")
    opened = context.new_page()
    broken: list[str] = []
    opened.on("pageerror", lambda error: broken.append(str(error)))
    opened.on("console", lambda line: broken.append(line.text) if breaks_policy(line.text) else None)
    yield opened
    context.close()
    assert broken == []


def breaks_policy(console_line: str) -> bool:
    return "Content Security Policy" in console_line or "Permissions policy" in console_line


def enter(page: Page, url: str, role: Role, path: str = "/") -> None:
    """The user is named like the role."""
    page.goto(url + path)
    page.locator("[name=name]").fill(role.value)
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("[type=submit]").click()


def kept_at(name: str) -> Path | None:
    """Where a picture goes; None when nobody asked for pictures with `SIXRING_SCREENSHOTS=<folder>`."""
    folder = os.environ.get("SIXRING_SCREENSHOTS")
    return Path(folder) / f"{name}.png" if folder else None


def picture(page: Page, name: str) -> None:
    if path := kept_at(name):
        page.screenshot(path=path)
