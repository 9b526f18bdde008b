"""A browser among the phones: the push service carries ciphertext, the service worker shows it once."""

from deploy.tour.scene import Place, Row

ORDER = 15
TITLE = "Web Push: a browser"
READ = 9


async def play(place: Place) -> list[Row]:
    phone, ref = place.phone(), place.ref()
    browser = await place.fleet.enrol("web", phone=phone)
    await place.bank.send("Your code is 4713", phone=phone, ref=ref)
    status = (await place.reported(ref, READ))[-1]["status"]
    (received,) = await place.control.inbox("web", browser.token)
    is_secret = "4713" not in str(received)
    shown = " ".join(push.text for push in browser.shown)
    reported = f"read; the push service saw {'ciphertext' if is_secret else 'the text'}"
    is_good = (status, shown) == (READ, "Your code is 4713") and is_secret
    return [Row("Your code is 4713", f"browser: {shown}", reported, is_good)]
