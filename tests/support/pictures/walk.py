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
_OPENER = "[...document.querySelectorAll('main button')].find((one) => one.textContent === {} && !one.disabled)"
_LEAVE = "document.querySelector('dialog[open] .row.end button')?.click()"


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


def typed(field: str, value: str) -> str:
    return (
        f"(() => {{ const one = document.getElementById({field!r}); if (!one) return false; one.value = {value!r};"
        "for (const name of ['input', 'change']) one.dispatchEvent(new Event(name, {bubbles: true})); return true; })()"
    )


def _is_there(selector: str) -> str:
    return f"document.querySelector({selector!r}) !== null"


_SENT = _press("aside button.main")
_FALLBACK = _press("section.card:nth-of-type(3) > button")
_FIRST_FORM = _press("main section.card .row button")
_DRAWS = "main section.card:nth-of-type(2) .row button:nth-of-type(2)"
_ANSWERED = _press("dialog[open] .row.end button:last-child")
_IS_REFUSED = "document.querySelector('dialog [role=alert]') !== null"
_OPEN_ALL = "(() => { for (const one of document.querySelectorAll('details')) one.open = true; return true; })()"


APPLICATION, PARTNER = f"operations/applications/{APPLICATION_ID}", f"operations/partners/{LOGIN}"
_OPERATIONS = ("overview", "stops", "dead-letters", "partners", "applications", "accounts", "resends")


def of_any_stack() -> list[Stop]:
    """What is there wherever a stack is provisioned, and tests change nothing of."""
    form = _script(
        typed("name", "Autumn"), typed("title", "{{name"), typed("text", "{{name}}, look %code%"), typed("ttl", "25"),
        typed("address", "https://bank.example/a.png"), _FALLBACK, typed("fallbacks-0-channel", "WHATSAPP"),
        typed("to", "segment"), typed("when", "window"), _OPEN_ALL,
    )  # fmt: skip
    return [
        Stop("support", "support"),
        Stop("support-nobody", "support", _script(typed("search", "nobody-has-this"), _press("form button.main"))),
        Stop("mailings", "mailings"),
        Stop("mailing-new", "mailings/new"),
        Stop("mailing-new-filled", "mailings/new", form),
        Stop("mailing-new-refused", "mailings/new", _script(typed("text", ""), typed("rate", "fast"), _SENT)),
        Stop("mailing-unknown", "mailings/nobody-has-this"),
        *(Stop(name, f"operations/{name}") for name in _OPERATIONS),
        Stop("partner", PARTNER),
        Stop("partner-refused", PARTNER, _script(_FIRST_FORM, typed("edit-maxRatePerS", "0"), _ANSWERED, _IS_REFUSED)),
        Stop("application", APPLICATION, _script(_OPEN_ALL)),
        Stop("nowhere", "nowhere"),
    ]


def of_console(staged: Staged) -> list[Stop]:
    search = [typed("search", staged.phone), _press("form button.main"), _is_there(".stacked")]
    test_push = _press(".stacked > :first-child > button")
    forget = [_press(".stacked > :last-child > button"), _ANSWERED, _is_there("#forget-typed")]
    return [
        *of_any_stack(),
        Stop("support-found", "support", _script(*search)),
        Stop("support-test-push", "support", _script(*search, test_push, _is_there("#test-push-text"))),
        Stop("support-forget", "support", _script(*search, *forget, typed("forget-typed", staged.phone))),
        Stop("support-message", f"support/{staged.message}"),
        Stop("support-devices", f"support/{staged.message}", _script(_press("section.card:last-of-type button"))),
        Stop("support-failed", f"support/{staged.failed}"),
        Stop("mailing-draft", f"mailings/{staged.draft}", _script(_OPEN_ALL)),
        Stop("mailing-segment", f"mailings/{staged.segment}", _script(_OPEN_ALL)),
        Stop("mailing-done", f"mailings/{staged.done}"),
        Stop("mailing-paused", f"mailings/{staged.paused}"),
        Stop("dead-letter", "operations/dead-letters", _script(_press("main td a"))),
        Stop("partner-silent", "operations/partners/silent-bank"),
        Stop("secret", "operations/partners/silent-bank", _script(_press(_DRAWS), _ANSWERED, _is_there("dl.secrets"))),
        Stop("audit", "audit", _script(_OPEN_ALL)),
    ]


def of_portal(staged: Staged) -> list[Stop]:
    form = _script(
        typed("text", "it's \"quoted\""), typed("phone", "+79110000001"), typed("ttl", "90"), typed("ttlUnit", "HOURS"),
        typed("cascade", "WHATSAPP"), typed("when", "window"), typed("deadline", "2030-01-01T10:00"),
    )  # fmt: skip
    refused = _script(typed("phone", "1"), _SENT.replace("aside button.main", "aside section:last-of-type button.main"))
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
    """Each dialog of the page while it is open, by the button that opens it, which had the focus; whoever looks may
    leave it. None of a page that is in a dialog."""
    if await page.run(_is_there("dialog")):
        return
    for opener in await page.run(OPENERS):
        found = _OPENER.format(repr(opener))
        await page.run(f"{found}.focus(); {found}.click()")
        await page.run("new Promise((done) => setTimeout(done))")
        if not await page.run("document.querySelector('dialog') !== null"):
            continue  # it has opened a part of the page
        await page.until("document.querySelector('dialog[open]') !== null", f"{opener} opens")  # once it is painted
        await page.until("document.querySelector('dialog p.state[role=status]') === null", f"{opener} is loaded")
        yield opener
        await page.run(_LEAVE)
        await page.until("document.querySelector('dialog') === null", f"{opener} is left")
