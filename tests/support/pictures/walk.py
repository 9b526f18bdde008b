"""From page to page, and into every dialog that a page opens: what a button with an ellipsis leads to."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

from deploy.local.provision import APPLICATION_ID
from tests.support.console_page import ConsolePage
from tests.support.opening import LOGIN
from tests.support.pictures.stage import Staged

Do = Callable[[ConsolePage], Awaitable[None]]
OPENERS = """(() => {
  const buttons = [...document.querySelectorAll("main button")].filter((one) => one.checkVisibility() && !one.disabled);
  const opens = (one) => one.textContent.endsWith("…") || one.closest(".heading .row");
  return buttons.filter(opens).map((one) => one.textContent).filter((text, place, all) => all.indexOf(text) === place);
})()"""
_CLICK = "[...document.querySelectorAll('main button')].find((one) => one.textContent === {} && !one.disabled).click()"
_LEAVE = "document.querySelector('dialog[open] .row.end button').click()"


@dataclass(frozen=True)
class Stop:
    """A page, and what is done there before it is looked at."""

    name: str
    place: str
    do: Do | None = None


def _script(*scripts: str) -> Do:
    async def do(page: ConsolePage) -> None:
        for script in scripts:
            await page.until(script, script)
            await page.settled()

    return do


def _press(selector: str) -> str:
    return f"(() => {{ const one = document.querySelector({selector!r}); one?.click(); return Boolean(one); }})()"


def _set(field: str, value: str) -> str:
    return (
        f"(() => {{ const one = document.getElementById({field!r}); if (!one) return false; one.value = {value!r};"
        "for (const name of ['input', 'change']) one.dispatchEvent(new Event(name, {bubbles: true})); return true; })()"
    )


_SENT = _press("aside button.main")
_FALLBACK = _press("section.card:nth-of-type(3) > button")
_OPEN_ALL = "(() => { for (const one of document.querySelectorAll('details')) one.open = true; return true; })()"


def of_console(staged: Staged) -> list[Stop]:
    application, partner = f"operations/applications/{APPLICATION_ID}", f"operations/partners/{LOGIN}"
    search = _script(_set("search", staged.phone), _press("form button.main"))
    form = _script(
        _set("name", "Autumn"), _set("title", "{{name"), _set("text", "{{name}}, look %code%"), _set("ttl", "25"),
        _set("address", "https://bank.example/a.png"), _FALLBACK, _set("fallbacks-0-channel", "WHATSAPP"),
        _set("to", "segment"), _set("when", "window"), _OPEN_ALL,
    )  # fmt: skip
    return [
        Stop("support", "support"),
        Stop("support-found", "support", search),
        Stop("support-nobody", "support", _script(_set("search", "nobody-has-this"), _press("form button.main"))),
        Stop("support-message", f"support/{staged.message}"),
        Stop("support-devices", f"support/{staged.message}", _script(_press("section.card:last-of-type button"))),
        Stop("support-failed", f"support/{staged.failed}"),
        Stop("mailings", "mailings"),
        Stop("mailing-new", "mailings/new"),
        Stop("mailing-new-filled", "mailings/new", form),
        Stop("mailing-new-refused", "mailings/new", _script(_set("text", ""), _set("rate", "fast"), _SENT)),
        Stop("mailing-draft", f"mailings/{staged.draft}", _script(_OPEN_ALL)),
        Stop("mailing-segment", f"mailings/{staged.segment}", _script(_OPEN_ALL)),
        Stop("mailing-done", f"mailings/{staged.done}"),
        Stop("mailing-paused", f"mailings/{staged.paused}"),
        Stop("mailing-unknown", "mailings/nobody-has-this"),
        *(
            Stop(name, f"operations/{name}")
            for name in ("overview", "stops", "dead-letters", "partners", "applications", "accounts")
        ),
        Stop("dead-letter", "operations/dead-letters", _script(_press("main td a"))),
        Stop("partner", partner),
        Stop("partner-silent", "operations/partners/silent-bank"),
        Stop("application", application, _script(_OPEN_ALL)),
        Stop("resends", "operations/resends"),
        Stop("audit", "audit", _script(_OPEN_ALL)),
        Stop("nowhere", "nowhere"),
    ]


def of_portal(staged: Staged) -> list[Stop]:
    form = _script(
        _set("text", "it's \"quoted\""), _set("phone", "+79110000001"), _set("ttl", "90"), _set("ttlUnit", "HOURS"),
        _set("cascade", "WHATSAPP"), _set("when", "window"), _set("deadline", "2030-01-01T10:00"),
    )  # fmt: skip
    refused = _script(_set("phone", "1"), _SENT.replace("aside button.main", "aside section:last-of-type button.main"))
    return [
        Stop("portal-messages", "support"),
        Stop("portal-message", f"support/{staged.message}"),
        Stop("portal-outcomes", "outcomes"),
        Stop("portal-mailings", "mailings"),
        Stop("portal-mailing", f"mailings/{staged.draft}"),
        Stop("portal-mailing-new", "mailings/new"),
        Stop("portal-request", "request"),
        Stop("portal-request-filled", "request", form),
        Stop("portal-request-refused", "request", refused),
        Stop("portal-settings", "settings"),
    ]


async def go(page: ConsolePage, stop: Stop) -> None:
    """To a page that holds nothing of the one before."""
    await page.run("location.hash = '#/elsewhere'")
    await page.until("document.querySelector('main h1') === null", "the page before is gone")
    await page.run(f"location.hash = {f'#/{stop.place}'!r}")
    await page.until("document.querySelector('p.state[role=status]') === null", "it is loaded")
    if stop.do is not None:
        await stop.do(page)


async def dialogs(page: ConsolePage) -> AsyncIterator[str]:
    """Each dialog of the page while it is open, by the button that opens it."""
    for opener in await page.run(OPENERS):
        await page.run(_CLICK.format(repr(opener)))
        await page.run("new Promise((done) => setTimeout(done))")
        if not await page.run("document.querySelector('dialog') !== null"):
            continue  # it has opened a part of the page
        await page.until("document.querySelector('dialog[open]') !== null", f"{opener} opens")  # once it is painted
        await page.until("document.querySelector('dialog p.state[role=status]') === null", f"{opener} is loaded")
        yield opener
        await page.run(_LEAVE)
        await page.until("document.querySelector('dialog') === null", f"{opener} is left")
