"""One look at a page: a language, colours and a width; its picture, and what can be told of it without eyes."""

import base64
import re
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from tests.support.console_page import ConsolePage

HEIGHTS = {1280: 900, 390: 700}
"""Of the window, by its width, px: a laptop's, and a phone's whose browser shows its bars."""
MOST_PX = 6000
_BEYOND = "(({scrollHeight, clientHeight}) => scrollHeight - clientHeight)(document.querySelector('dialog[open]'))"
_RULES = Path(__file__).with_name("rules.js").read_text()


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
        await self.sized(page, self.height)
        await page.is_dark(self.dark)
        if await page.run("document.documentElement.lang") != self.language:
            await page.press("По-русски" if self.language == "ru" else "In English")
            await page.until(f"document.documentElement.lang === '{self.language}'", "the language is switched")

    @property
    def height(self) -> int:
        return HEIGHTS[self.width]

    async def sized(self, page: ConsolePage, height: int) -> None:
        about = {"width": self.width, "height": height, "deviceScaleFactor": 1, "mobile": self.width < 600}
        await page.browser.call("Emulation.setDeviceMetricsOverride", page.session, **about)


LOOKS = tuple(Look(*look) for look in product(("en", "ru"), (False, True), (1280, 390)))


async def pictured(page: ConsolePage, look: Look, folder: Path, name: str) -> list[str]:
    """Writes `FOLDER/LOOK/NAME.png`: the whole page, or what a dialog leaves of it; and of a dialog that is higher than
    the window `NAME-whole.png`. What is wrong with it, in words."""
    await page.run("document.fonts.ready.then(() => new Promise(requestAnimationFrame)).then(() => 0)")
    is_over = await page.run("document.querySelector('dialog[open]') !== null")
    faults = [f"{look.name} {name}: {what}" for what in await faults_of(page, look)]
    path = folder / look.name / f"{re.sub(r'[^A-Za-z0-9.-]+', '-', name)}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    if not is_over:
        height = min(MOST_PX, int(await page.run("document.documentElement.scrollHeight")))
        clip = {"x": 0, "y": 0, "width": look.width, "height": max(height, 200), "scale": 1}
        path.write_bytes(await _shot(page, captureBeyondViewport=True, clip=clip))
        return faults
    path.write_bytes(await _shot(page))
    beyond = int(await page.run(_BEYOND))
    if beyond > 0:
        await look.sized(page, look.height + beyond + 80)
        path.with_stem(f"{path.stem}-whole").write_bytes(await _shot(page))
        await look.sized(page, look.height)
    return faults


async def _shot(page: ConsolePage, **about: Any) -> bytes:
    shot = await page.browser.call("Page.captureScreenshot", page.session, format="png", **about)
    return base64.b64decode(shot["data"])


async def faults_of(page: ConsolePage, look: Look) -> list[str]:
    """What can be told to be wrong without eyes, in words."""
    found = await page.run(f"({_RULES})({str(look.language == 'ru').lower()})")
    return [*found, *(f"{barrier['id']}: {barrier['nodes'][:2]}" for barrier in await page.barriers())]
