"""A stranger with a copy of the app claims to be the customer; only the customer's own login is proved."""

from deploy.sandbox.phone.device import Habits
from deploy.sandbox.phone.sdk_api import RefusedError
from deploy.tour.scene import Place, Row, course

ORDER = 34
TITLE = "Proof of login"
READ = 9


async def play(place: Place) -> list[Row]:
    phone, ref = place.phone(), place.ref()
    device = await place.fleet.enrol("android", phone=phone, name="Android", habits=Habits("read", after_s=0.2))
    stranger = place.fleet.device("ios", name="stranger's phone")
    await stranger.install()
    await stranger.register_token()
    try:
        await stranger.personalize(phone=phone, proved=False)
        refusal = "logged in"
    except RefusedError as error:
        refusal = f"{error.status} proof-required" if "proof-required" in str(error) else str(error)
    await place.bank.send("Your code is 4711", phone=phone, ref=ref)
    reports = await place.reported(ref, READ)
    mine, theirs = len(await device.pull()), len(stranger.shown) + len(await stranger.pull())
    is_good = (refusal, mine, theirs) == ("403 proof-required", 1, 0)
    return [
        Row("a stranger logs in with the customer's number", f"stranger's phone: {refusal}", "", "403" in refusal),
        Row("a push", f"Android: shown, history {mine}; stranger's phone: {theirs}", course(reports), is_good),
    ]
