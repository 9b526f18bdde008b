"""The cases: what comes to a phone, and what is then on its screen and reported. Pure.

open   what is sealed to the device's key, and the values in it (null: none that it can open)
read   the SDK's part, title and text in the payload of each provider
steps  push, answer (to a fetch of the whole), touch, mark (somebody logs in or out), receipts (what their route
       answers from now on) ─▶ screen, receipts that the platform took, how many the SDK still keeps
"""

import base64
import json
from collections.abc import Iterator, Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, derive_private_key

from deploy.sandbox.phone.hpke import sealed_values

Json = dict[str, Any]
MARK, ANOTHERS = "5f0c1d2e3a4b5c6d", "00112233445566aa"
OWN, ANOTHER, EPHEMERAL = (derive_private_key(number, SECP256R1()) for number in (0xA11CE, 0xB0B, 0xE9))
MESSAGE = "01890a5d-ac96-774b-bcce-b302099a80{:02x}"
DELIVERY = "d0000000-0000-4000-8000-0000000000{:02x}"
CODE = {"code": "4711"}
DOTS = "•••"


def cases() -> list[Json]:
    """All of them: `case` names it, `expect` is the answer."""
    return [*_opened(), *_read(), *_shown(), *_marks(), *_withdrawn(), *_secure(), *_fetched(), *_reported()]


def jwk(key: EllipticCurvePrivateKey) -> Json:
    """A private key as JWK (RFC 7517)."""
    numbers = key.private_numbers()
    public = numbers.public_numbers
    parts = {"x": public.x, "y": public.y, "d": numbers.private_value}
    return {"kty": "EC", "crv": "P-256"} | {
        name: _base64url(value.to_bytes(32, "big")) for name, value in parts.items()
    }


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _sealed(values: Mapping[str, str], number: int = 0, key: EllipticCurvePrivateKey = OWN) -> str:
    return sealed_values(key.public_key(), DELIVERY.format(number), values, EPHEMERAL)


def _push(number: int = 0, title: str = "Bank", body: str = "Your payment has come", **own: Any) -> Json:
    """A push as a browser decrypts it; phones have the same parts in other places (`read`)."""
    about = {"v": 1, "id": MESSAGE.format(number), "delivery": DELIVERY.format(number)}
    return {"push": {"rpns": about | own, "notification": {"title": title, "body": body}}}


def _on_screen(number: int = 0, title: str = "Bank", body: str = "Your payment has come") -> Json:
    return {"delivery": DELIVERY.format(number), "title": title, "body": body}


def _receipt(kind: str, number: int = 0, **more: Any) -> Json:
    about = {"messageId": MESSAGE.format(number), "deliveryId": DELIVERY.format(number), "link": 0, "bulk": False}
    return about | {"kind": kind} | more


def _touch(kind: str, number: int = 0, **more: str) -> Json:
    return {"touch": {"delivery": DELIVERY.format(number), "kind": kind, **more}}


def _scene(
    name: str,
    steps: list[Json],
    screen: list[Json],
    receipts: list[Json],
    *,
    mark: str = "",
    kept: int = 0,
    key: bool = True,
) -> Json:
    given = {"mark": mark, "privateKey": jwk(OWN) if key else None, "steps": steps}
    return {"case": name, **given, "expect": {"screen": screen, "receipts": receipts, "kept": kept}}


def _opened() -> Iterator[Json]:
    code, transfer = CODE, {"sum": "1 000 ₽", "to": 'Кафе «М» %code% "quoted"'}
    fits = {"one value": code, "letters of other alphabets, quotes, a placeholder": transfer, "no value": {}}
    for name, values in fits.items():
        yield _open(f"opens {name}", _sealed(values), values)
    good = _sealed(code)
    yield _open("sealed for another delivery", _sealed(code, 1), None)
    yield _open("sealed to another key", _sealed(code, key=ANOTHER), None)
    yield _open("a bit has changed", good[:-8] + ("A" if good[-8] != "A" else "B") + good[-7:], None)
    yield _open("cut short", good[:40], None)
    yield _open("no base64url", "%%%", None)


def _open(name: str, sealed: str, values: Mapping[str, str] | None) -> Json:
    given = {"privateKey": jwk(OWN), "delivery": DELIVERY.format(0), "sealed": sealed}
    return {"case": f"sealed: {name}", "open": given, "expect": {"values": values}}


def _read() -> Iterator[Json]:
    own, shown = _push()["push"]["rpns"], {"title": "Bank", "body": "Your payment has come"}
    text = json.dumps({"rpns": own})
    payloads: dict[str, Json] = {
        "apns": {"aps": {"alert": shown, "mutable-content": 1}, "rpns": own},
        "fcm": {"message": {"data": {"rpns": json.dumps(own)}, "notification": shown}},
        "hms": {"message": {"data": text, "android": {"notification": shown}}},
        "rustore": {"message": {"data": {"rpns": json.dumps(own)}, "notification": shown}},
        "web": {"rpns": own, "notification": shown},
    }
    for provider, payload in payloads.items():
        expected = {"delivery": own["delivery"], **shown}
        yield {"case": f"read: {provider}", "read": {"provider": provider, "payload": payload}, "expect": expected}


def _shown() -> Iterator[Json]:
    delivered = [_receipt("delivered")]
    yield _scene("a push is shown and reported", [_push()], [_on_screen()], delivered)
    yield _scene("what is not known is ignored", [_push(colour="red", v=1)], [_on_screen()], delivered)
    echoed = _push(link=2, bulk=True)
    yield _scene("link and bulk are echoed", [echoed], [_on_screen()], [_receipt("delivered", link=2, bulk=True)])
    yield _scene("what is sent again is shown once", [_push(), _push()], [_on_screen()], delivered)
    steps = [_push(), _touch("dismissed"), _push()]
    yield _scene("nor is it shown again behind its end", steps, [], [*delivered, _receipt("dismissed")])
    again = {"messageId": MESSAGE.format(0)}
    second = _push(1, id=MESSAGE.format(0), link=1)
    found = [*delivered, _receipt("delivered", 1, link=1, **again)]
    yield _scene(
        "another delivery of the same message is another push", [_push(), second], [_on_screen(), _on_screen(1)], found
    )
    before = _push(body="Old", text="New")
    before["push"]["rpns"]["title"] = "T"
    yield _scene("its own text comes before the notification's", [before], [_on_screen(0, "T", "New")], delivered)


def _marks() -> Iterator[Json]:
    mine, others = _push(mark=MARK), _push(1, mark=ANOTHERS)
    delivered = [_receipt("delivered")]
    yield _scene("a push for who is logged in is shown", [mine], [_on_screen()], delivered, mark=MARK)
    yield _scene("a push for somebody else is dropped in silence", [others], [], [], mark=MARK)
    yield _scene("a push for somebody while nobody is logged in is dropped", [others], [], [])
    yield _scene("a push without a mark is shown to whoever is there", [_push()], [_on_screen()], delivered, mark=MARK)
    late = _push(1, mark=MARK)
    yield _scene(
        "a push that comes behind the logout is dropped",
        [mine, {"mark": ""}, late],
        [_on_screen()],
        delivered,
        mark=MARK,
    )
    switched = [{"mark": ANOTHERS}, mine, others]
    yield _scene("the next owner gets their own only", switched, [_on_screen(1)], [_receipt("delivered", 1)], mark=MARK)


def _withdrawn() -> Iterator[Json]:
    gone = _push(withdraw=True, body="")
    yield _scene("a withdrawal takes its push off the screen", [_push(), gone], [], [_receipt("delivered")])
    yield _scene("what was withdrawn before it came is not shown", [gone, _push()], [], [])
    both = [_receipt("delivered"), _receipt("delivered", 1)]
    yield _scene("a withdrawal leaves others where they are", [_push(), _push(1), gone], [_on_screen(1)], both)
    yield _scene("a withdrawal is not reported, and may come twice", [gone, gone], [], [])


def _secure() -> Iterator[Json]:
    delivered = [_receipt("delivered")]
    hidden = {"title": f"Bank {DOTS}", "body": f"Code {DOTS}"}
    plain = {"title": "Bank %code%", "text": "Code %code%, 100% yours, %other%"}

    def masked(sealed: str, **more: str) -> Json:
        made = _push(0, **hidden)
        made["push"]["rpns"] |= plain | {"sealed": sealed} | more
        return made

    shown = _on_screen(0, "Bank 4711", "Code 4711, 100% yours, %other%")
    yield _scene("SECURE values that open are shown", [masked(_sealed(CODE))], [shown], delivered)
    odd = _on_screen(0, "Bank %other%", "Code %other%, 100% yours, x")
    both = _sealed({"code": "%other%", "other": "x"})
    yield _scene("a value is never read as a placeholder", [masked(both)], [odd], delivered)
    fetched = _answer(text="Code %code%", title="Bank %code%", secure={"names": ["code"], "values": CODE})
    whole = [_on_screen(0, "Bank 4711", "Code 4711")]
    for name, sealed in {"another delivery": _sealed(CODE, 1), "another key": _sealed(CODE, key=ANOTHER)}.items():
        yield _scene(f"what was sealed for {name} is fetched", [masked(sealed), fetched], whole, delivered)
    yield _scene("without a key they are fetched", [masked(_sealed(CODE)), fetched], whole, delivered, key=False)
    masks = [_on_screen(0, **hidden)]
    refused = _answer(404)
    yield _scene(
        "what can neither be opened nor fetched stays hidden", [masked(_sealed(CODE, 1)), refused], masks, delivered
    )


def _answer(status: int = 200, number: int = 0, **fields: Any) -> Json:
    """What `GET …/messages/{id}/content` answers."""
    whole: Json = {
        "title": "Bank",
        "text": "The whole",
        "content": None,
        "actions": [],
        "customPayload": None,
        "secure": None,
    }
    about = {"messageId": MESSAGE.format(number), "link": 0, "expiresAt": 4_102_444_800_000, "liveActivity": None}
    body = whole | about | fields if status == 200 else {"title": "No such message", "status": status}
    return {"answer": {"messageId": MESSAGE.format(number), "status": status, "body": body}}


def _fetched() -> Iterator[Json]:
    delivered, more = [_receipt("delivered")], _push(body="The wh", more=True)
    whole = [_on_screen(0, "Bank", "The whole")]
    first = [_on_screen(0, "Bank", "The wh")]
    yield _scene("what did not fit is fetched and put in its place", [more, _answer()], whole, delivered)
    yield _scene("what was shown stays when nothing can be fetched", [more, _answer(404)], first, delivered)
    yield _scene("what was shown stays when the lifetime has passed", [more, _answer(410)], first, delivered)
    hidden = _answer(text="Code %code%", secure={"names": ["code"], "values": None})
    yield _scene(
        "values that are not to be had are hidden", [more, hidden], [_on_screen(0, "Bank", f"Code {DOTS}")], delivered
    )
    odd = _answer(text="%a% and %b%", secure={"names": ["a", "b"], "values": {"a": "%b%", "b": "x"}})
    yield _scene(
        "a fetched value is no placeholder either", [more, odd], [_on_screen(0, "Bank", "%b% and x")], delivered
    )
    gone = [more, _push(withdraw=True), _answer()]
    yield _scene("what is withdrawn while it is fetched does not come back", gone, [], delivered)
    closed = [more, _touch("dismissed"), _answer()]
    yield _scene("nor does what was dismissed meanwhile", closed, [], [*delivered, _receipt("dismissed")])


def _reported() -> Iterator[Json]:
    delivered = _receipt("delivered")
    for kind in ("read", "dismissed"):
        yield _scene(f"{kind} is reported", [_push(), _touch(kind)], [], [delivered, _receipt(kind)])
    buttons = _push(actions=[{"title": "Open", "action": "open-app"}, {"title": "Pay", "action": "pay"}])
    pressed = [delivered, _receipt("clicked", action="pay")]
    yield _scene("a button is reported with its action", [buttons, _touch("clicked", action="pay")], [], pressed)
    for status, kept in ((503, 1), (429, 1), (400, 0)):
        name = "kept" if kept else "thrown away"
        yield _scene(f"receipts are {name} at {status}", [{"receipts": status}, _push()], [_on_screen()], [], kept=kept)
    steps = [{"receipts": 503}, _push(), {"receipts": 200}, _push(1)]
    both = [delivered, _receipt("delivered", 1)]
    yield _scene("kept receipts go with the next", steps, [_on_screen(), _on_screen(1)], both)
