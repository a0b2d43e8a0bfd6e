"""A page that is a seat's phone, in a Chromium whose microphone plays a file; what it hears is measured in the page itself."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from playwright.async_api import Browser, BrowserContext, Locator, Page, async_playwright, expect

from callcenter.phones import PATIENCE_S
from wall.chromium import CHROMIUM, FLAGS, LAPTOP, breaks_policy, kept_at

# Playwright keeps what it says of permissions; the browser's own question nobody could answer. mDNS needs a network.
WITH_MICROPHONE: Final = ("--use-fake-device-for-media-stream", "--disable-features=WebRtcHideLocalIpsWithMdns")
# Remembers the page's connections: their receivers are asked what comes in; and whether its bell was to be heard.
_KEEP_TRACES: Final = """
  window.connections = []
  const Original = window.RTCPeerConnection
  window.RTCPeerConnection = class extends Original {
    constructor(...given) { super(...given); window.connections.push(this) }
  }
  const start = OscillatorNode.prototype.start
  OscillatorNode.prototype.start = function (...given) { window.ringing = this.context.state; return start.apply(this, given) }"""
_LOUDEST_HZ: Final = """async () => {
  const connection = window.connections.at(-1)
  const track = connection?.getReceivers()[0]?.track
  if (!track) return 0
  window.meter ??= new AudioContext()
  await window.meter.resume()
  const source = window.meter.createMediaStreamSource(new MediaStream([track]))
  const analyser = new AnalyserNode(window.meter, { fftSize: 4096, smoothingTimeConstant: 0 })
  source.connect(analyser)
  await new Promise((done) => setTimeout(done, 200))
  const bins = new Float32Array(analyser.frequencyBinCount)
  analyser.getFloatFrequencyData(bins)
  source.disconnect()
  const loudest = bins.indexOf(Math.max(...bins))
  return bins[loudest] < -60 ? 0 : loudest * window.meter.sampleRate / analyser.fftSize
}"""


@asynccontextmanager
async def chromium_with_microphone(sound: Path) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=[*FLAGS, *WITH_MICROPHONE, f"--use-file-for-fake-audio-capture={sound}"])
        yield browser
        await browser.close()


@dataclass(frozen=True)
class PagePhone:
    page: Page
    broken: list[str]

    @property
    def context(self) -> BrowserContext:
        return self.page.context

    def act(self, name: str) -> Locator:
        return self.page.locator(f'[data-phone-act="{name}"]')

    async def picture(self, name: str) -> None:
        if path := kept_at(name):
            await self.page.screenshot(path=path)

    async def is_heard_ringing(self) -> None:
        """`running`: the browser lets the page be heard."""
        assert await self.page.evaluate("window.ringing") == "running"

    async def sits_down(self, seat: str) -> None:
        await self.page.locator(f'[data-take="{seat}"]').click()
        await self.is_phone("ready")

    async def is_phone(self, stage: str) -> None:
        await expect(self.page.locator("[data-phone]")).to_have_attribute("data-phone", stage)

    async def call_is(self, stage: str) -> None:
        await expect(self.page.locator("[data-phone-call]")).to_have_attribute("data-phone-call", stage)

    async def has_no_call(self) -> None:
        await expect(self.page.locator("[data-phone-call]")).to_have_count(0)

    async def answers(self) -> None:
        await self.call_is("ringing")
        await self.act("answer").click()
        await self.call_is("talking")

    async def hears(self, hz: float) -> None:
        """Tries of a quarter of a second each: the loudest frequency of what comes in."""
        heard = []
        for _ in range(round(PATIENCE_S * 4)):
            heard.append(round(await self.page.evaluate(_LOUDEST_HZ)))
            if abs(heard[-1] - hz) < 30:
                return
        raise AssertionError(f"{hz:g} Hz were not heard; loudest were {heard}")


@asynccontextmanager
async def page_phone(browser: Browser, url: str, name: str, password: str, *, path: str = "/desk",
                     microphone: bool = True) -> AsyncIterator[PagePhone]:
    """The page of this user, signed in. The end of the context is a tab that is closed: it says no goodbye."""
    context = await browser.new_context(viewport={"width": LAPTOP[0], "height": LAPTOP[1]}, locale="zh-CN",
                                        permissions=["microphone"] if microphone else [])
    await context.add_init_script(_KEEP_TRACES)
    page = await context.new_page()
    broken: list[str] = []
    page.on("pageerror", lambda error: broken.append(str(error)))
    page.on("console", lambda line: broken.append(line.text) if breaks_policy(line.text) else None)
    try:
        await page.goto(url + path)
        await page.locator("[name=name]").fill(name)
        await page.locator("[name=password]").fill(password)
        await page.locator("[type=submit]").click()
        await expect(page.get_by_role("navigation")).to_be_visible()
        yield PagePhone(page, broken)
    finally:
        await context.close()
    assert broken == []
