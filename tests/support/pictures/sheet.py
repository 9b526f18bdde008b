"""Pictures side by side, so that many are looked at in one."""

import base64
import html
from collections.abc import Sequence
from pathlib import Path

from deploy.browser.chromium import Browser

_STYLE = """body { margin: 0; padding: 8px; width: max-content; background: #666; font: 14px sans-serif; }
body { display: flex; gap: 8px; align-items: start; }
figure { margin: 0; } figcaption { color: #fff; } img { display: block; }"""


async def sheet(browser: Browser, pictures: Sequence[Path], height: int = 1500) -> bytes:
    """One picture of several, each cut off behind `height`."""
    figures = "".join(
        f"<figure><figcaption>{html.escape(picture.stem)}</figcaption>"
        f'<img src="data:image/png;base64,{base64.b64encode(picture.read_bytes()).decode()}"></figure>'
        for picture in pictures
    )
    target = (await browser.call("Target.createTarget", url="about:blank"))["targetId"]
    session = await browser.attach(target)
    try:
        await browser.call("Page.enable", session)
        frame = (await browser.call("Page.getFrameTree", session))["frameTree"]["frame"]["id"]
        content = f"<!doctype html><meta charset=utf-8><style>{_STYLE}</style>{figures}"
        await browser.call("Page.setDocumentContent", session, frameId=frame, html=content)
        await browser.run(session, "Promise.all([...document.images].map((one) => one.decode())).then(() => 0)")
        size = await browser.run(session, "[document.body.scrollWidth, document.body.scrollHeight]")
        clip = {"x": 0, "y": 0, "width": size[0] + 16, "height": min(size[1], height), "scale": 1}
        shot = await browser.call(
            "Page.captureScreenshot", session, format="png", captureBeyondViewport=True, clip=clip
        )
        return base64.b64decode(shot["data"])
    finally:
        await browser.call("Target.closeTarget", targetId=target)
