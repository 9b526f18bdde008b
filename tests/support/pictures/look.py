"""One look at a page: a language, colours and a width; its picture, and what can be told of it without eyes."""

import base64
import re
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from tests.support.console_page import ConsolePage

HEIGHT = 900
MOST_PX = 6000
_WIDE = """(() => {
  const most = document.documentElement.clientWidth;
  const inside = (one) => one.closest("pre, .table, svg, textarea, .skip, select");
  return [...document.querySelectorAll("body *")]
    .filter((one) => one.checkVisibility() && !inside(one) && !one.closest("dialog:not([open])"))
    .filter((one) => one.getBoundingClientRect().right > most + 1 || one.getBoundingClientRect().left < -1)
    .map((one) => `${one.tagName.toLowerCase()}.${one.className} ${one.textContent.slice(0, 40)}`).slice(0, 5);
})()"""
_LATIN = r"""(() => {
  const words = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const raw = "code, pre, textarea, script, style, td, dd, select, .push, .said, .crumb, h1, h2, ol, header .quiet";
  for (let node = walk.nextNode(); node; node = walk.nextNode()) {
    const text = node.textContent.trim();
    if (!/[A-Za-z]{3}[a-z ]* [a-z]{2}/.test(text) || node.parentElement.closest(raw)) continue;
    if (node.parentElement.checkVisibility()) words.push(text.slice(0, 80));
  }
  return [...new Set(words)];
})()"""
_UNLABELLED = """[...document.querySelectorAll("input, select, textarea")]
  .filter((one) => one.checkVisibility() && !one.labels?.length && !one.getAttribute("aria-label"))
  .map((one) => one.outerHTML.slice(0, 80))"""


@dataclass(frozen=True)
class Look:
    """How somebody sees the console."""

    language: str
    dark: bool
    width: int

    @property
    def name(self) -> str:
        return f"{self.language}-{'dark' if self.dark else 'light'}-{self.width}"

    async def put_on(self, page: ConsolePage) -> None:
        await self._sized(page, HEIGHT)
        await page.is_dark(self.dark)
        if await page.run("document.documentElement.lang") != self.language:
            await page.press("По-русски" if self.language == "ru" else "In English")
            await page.until(f"document.documentElement.lang === '{self.language}'", "the language is switched")

    async def _sized(self, page: ConsolePage, height: int) -> None:
        about = {"width": self.width, "height": height, "deviceScaleFactor": 1, "mobile": self.width < 600}
        await page.browser.call("Emulation.setDeviceMetricsOverride", page.session, **about)


LOOKS = tuple(Look(*look) for look in product(("en", "ru"), (False, True), (1280, 390)))


async def pictured(page: ConsolePage, look: Look, folder: Path, name: str) -> list[str]:
    """Writes `FOLDER/LOOK/NAME.png`: the whole page, or what a dialog leaves of it. What is wrong with it, in words."""
    await page.run("document.fonts.ready.then(() => new Promise(requestAnimationFrame)).then(() => 0)")
    is_over = await page.run("document.querySelector('dialog[open]') !== null")
    height = HEIGHT if is_over else min(MOST_PX, int(await page.run("document.documentElement.scrollHeight")))
    clip = {"x": 0, "y": 0, "width": look.width, "height": max(height, 200), "scale": 1}
    about = {"format": "png", "captureBeyondViewport": not is_over} | ({} if is_over else {"clip": clip})
    shot = await page.browser.call("Page.captureScreenshot", page.session, **about)
    path = folder / look.name / f"{re.sub(r'[^A-Za-z0-9.-]+', '-', name)}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(base64.b64decode(shot["data"]))
    return [f"{look.name} {name}: {what}" for what in await _faults(page, look)]


async def _faults(page: ConsolePage, look: Look) -> list[str]:
    found = [f"too wide: {what}" for what in await page.run(_WIDE)]
    found += [f"without a label: {what}" for what in await page.run(_UNLABELLED)]
    found += [f"English: {what}" for what in (await page.run(_LATIN) if look.language == "ru" else [])]
    return found + [f"{barrier['id']}: {barrier['nodes'][:2]}" for barrier in await page.barriers()]
