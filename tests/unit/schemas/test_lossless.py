"""What a partner wrote is what the app gets: through every door, up to what each provider is sent."""

import json
import re
from typing import Any, NamedTuple

import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from deploy.sandbox.phone.sdk_push import read_push
from schemas import ids, lossless
from schemas.values import Channel, ChannelMessage, Content, Link
from services.dispatch.providers.apns import live
from services.dispatch.providers.apns import render as apns_render
from services.dispatch.providers.channel_platform import sender as channel
from services.dispatch.providers.web_push import sender as web
from services.ingest.mailing.rules.draft import draft, without_values
from services.ingest.mailing.rules.redaction import People, without
from services.ingest.mailing.rules.template import Template
from services.ingest.packet.answer import _read
from services.ingest.packet.rules import PacketContext, accepted_of, packet_of
from services.ingest.packet.templates import PacketTemplates
from services.ingest.rules.errors import Refused
from services.ingest.rules.live_activity import live_activity_of
from services.ingest.rules.message import accept
from services.ingest.rules.reading import read_json, read_request
from services.runtime.short_links import ShortLinks
from services.status.message import enriched
from tests.support.pushes import push_of
from tests.support.requests import NOW, PARTNER, Senders
from tests.unit.dispatch.test_sdk_push import RENDERERS


class Json(NamedTuple):
    """The same JSON twice: as somebody wrote it, and as it is handed on."""

    wire: str
    compact: str


NUMBERS = st.from_regex(r"\A-?(0|[1-9][0-9]{0,40})(\.[0-9]{1,25})?([eE][+-]?[0-9]{1,4})?\Z")
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
BLANKS = st.sampled_from(["", " ", "\n\t", "  "])


@st.composite
def strings(draw: st.DrawFn) -> Json:
    text = draw(TEXTS)
    return Json(json.dumps(text, ensure_ascii=draw(st.booleans())), orjson.dumps(text).decode())


def _list(parts: list[Json], blank: str) -> Json:
    return Json(f"[{f',{blank}'.join(part.wire for part in parts)}]", f"[{','.join(part.compact for part in parts)}]")


def _object(parts: list[tuple[Json, Json]], blank: str) -> Json:
    wire = f",{blank}".join(f"{name.wire}{blank}:{part.wire}" for name, part in parts)
    return Json(f"{{{blank}{wire}}}", "{" + ",".join(f"{name.compact}:{part.compact}" for name, part in parts) + "}")


PLAIN = st.sampled_from(["true", "false", "null", "1.10", "1e400", "-0", "-0.0", str(2**70), "1E5", "9" * 4500])
LEAVES = NUMBERS.map(lambda text: Json(text, text)) | PLAIN.map(lambda text: Json(text, text)) | strings()
NAMES = strings() | st.just(Json('"a"', '"a"'))  # so that names repeat


def _within(inner: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    objects = st.builds(_object, st.lists(st.tuples(NAMES, inner), max_size=4), BLANKS)
    return st.builds(_list, st.lists(inner, max_size=4), BLANKS) | objects


ANY = st.recursive(LEAVES, _within, max_leaves=6)
FEW = settings(max_examples=50)
OBJECTS = st.builds(_object, st.lists(st.tuples(NAMES, ANY), min_size=1, max_size=4), BLANKS).filter(
    lambda value: len(value.compact.encode()) < 1500  # or no Live Activity holds it
)
TWICE = Json('{"a": 1.10, "a":1e400}', '{"a":1.10,"a":1e400}')


@FEW
@given(ANY)
@example(TWICE)
def test_what_is_read_is_written_the_same(value: Json) -> None:
    assert lossless.dumps(lossless.loads(value.wire.encode())).decode() == value.compact
    assert lossless.dumps(lossless.loads(value.compact)).decode() == value.compact


def _sent(data: str, kind: str = "PUSH", more: str = "") -> tuple[Link, ...]:
    message = f'{{"type":"{kind}","data":{data}}}'
    body = f'{{"login":"demo","password":"demo","destAddr":"79161234567","message":{message}{more}}}'
    outcome = accept(read_request(body.encode()), PARTNER, Senders(), NOW, draw_id=ids.uuid7)
    return outcome.request.chain


def _content(chain: tuple[Link, ...]) -> Content:
    assert chain[0].content is not None
    return chain[0].content


@FEW
@given(ANY.filter(lambda value: value.wire != "null"))
@example(TWICE)
def test_a_custom_payload_comes_through_send(value: Json) -> None:
    assert _content(_sent(f'{{"text":"x","ttl":60,"customPayload": {value.wire}}}')).custom_payload == value.compact


def test_two_links_that_differ_in_the_writing_of_a_number_keep_it() -> None:
    data = '{"text":"x","ttl":60,"customPayload":%s}'
    more = ',"cascadeChainLink":{"state":"READ","message":{"type":"PUSH","data":' + data % "1.1" + "}}"
    contents = [link.content for link in _sent(data % "1.10", more=more)]
    assert [content.custom_payload for content in contents if content is not None] == ["1.10", "1.1"]


@FEW
@given(ANY.filter(lambda value: value.wire != "null"))
@example(TWICE)
async def test_a_custom_payload_comes_through_a_packet(value: Json) -> None:
    message = (
        f'{{"from":"DemoBank","to":"+79161234567","text":"x","type":"PUSH","validity":60,'
        f'"data":{{"customPayload": {value.wire}}}}}'
    )
    packet = packet_of(await _read(f'{{"messages":[{message},{message}]}}'.encode()), PARTNER, NOW)
    sending, patterns = PacketContext(PARTNER, Senders(), NOW, 7, ids.uuid7), PacketTemplates(PARTNER)
    for place, raw_message in enumerate(packet.messages):
        outcome = accepted_of(raw_message, place, packet, sending, patterns)
        assert _content(outcome.request.chain).custom_payload == value.compact  # type: ignore[union-attr]


async def test_messages_of_a_packet_that_differ_in_the_writing_only_are_not_alike() -> None:
    values = ["1.1", "1.10", '{"a":1}', '{"a":1,"a":1}', "1", "-0", "0"]
    body = '{"from":"DemoBank","to":"+79161234567","text":"x","type":"PUSH","validity":60,"data":{"customPayload":%s}}'
    packet = packet_of(await _read(f'{{"messages":[{",".join(body % v for v in values)}]}}'.encode()), PARTNER, NOW)
    sending, patterns = PacketContext(PARTNER, Senders(), NOW, 7, ids.uuid7), PacketTemplates(PARTNER)
    found = [accepted_of(m, place, packet, sending, patterns) for place, m in enumerate(packet.messages)]
    assert [_content(o.request.chain).custom_payload for o in found] == values  # type: ignore[union-attr]


def _drafted(message: str) -> Template:
    raw = read_json(f'{{"name":"x","message":{message}}}'.encode())
    stored = lossless.text_of(raw)
    nobody = People(frozenset({"nobody at all"}), frozenset())
    assert without(stored, nobody) == stored
    assert lossless.text_of(lossless.loads(without_values(stored))) == stored
    return Template(draft(lossless.loads(stored), PARTNER, Senders(), NOW))


@FEW
@given(ANY.filter(lambda value: not re.search("{{|[\U0010f000-\U0010fffd]", value.compact) and value.wire != "null"))
@example(TWICE)
def test_a_custom_payload_comes_through_a_mailing(value: Json) -> None:
    data = f'{{"text":"x","ttl":60,"customPayload":[{value.wire},"{{{{who}}}}"]}}'
    template = _drafted(f'{{"type":"PUSH","data":{data}}}')
    template.check(["she"])
    assert _content(template.filled(["she"]).chain).custom_payload == f'[{value.compact},"she"]'


@FEW
@given(ANY)
@example(TWICE)
def test_a_custom_payload_comes_through_rich(value: Json) -> None:
    option = f'{{"param_name":"RICH","param_value":{{"custom-payload":{value.wire}}}}}'
    content = _content(_sent(f'{{"text":"x","ttl":60,"extraOptions":[{option}]}}'))
    assert enriched(content).custom_payload == value.compact


@FEW
@given(OBJECTS)
@example(TWICE)
def test_a_state_comes_through_a_live_activity(value: Json) -> None:
    activity = (
        f'{{"timestamp":"2026-01-01T00:00:00Z","event":"update","content-state": {value.wire},'
        f'"alert":{{"title":"t","extra":{value.wire}}}}}'
    )
    option = f'{{"param_name":"LIVE_ACTIVITY","param_value":{activity}}}'
    content = _content(_sent(f'{{"text":"x","ttl":60,"extraOptions":[{option}]}}'))
    body, _ = live.render(push_of(content))
    assert f'"content-state":{value.compact}' in body.decode()
    assert f'"extra":{value.compact}' in body.decode()


@FEW
@given(OBJECTS)
@example(TWICE)
def test_a_state_comes_through_a_broadcast(value: Json) -> None:
    body = f'{{"aps":{{"timestamp":"2026-01-01T00:00:00Z","event":"update","content-state":{value.wire}}}}}'
    found = live_activity_of(read_json(body.encode())["aps"], 180, "aps")
    sent = live.as_json({"aps": live.aps_of(found or "")})
    assert f'"content-state":{value.compact}' in sent.decode()


@FEW
@given(ANY)
@example(TWICE)
def test_what_a_channel_alone_reads_comes_through_a_link_with_short_links(value: Json) -> None:
    data = f'{{"text":"see https://bank.example/a/very/long/address/indeed","ttl":60, "own":{value.wire}}}'
    link = ShortLinks("https://r.pns", lambda text: [text.encode().hex()]).shortened("m", 0, _sent(data, "MAX")[0])
    message = ChannelMessage(channel=Channel.MAX, phone="79161234567", sender="DemoBank", data=link.data or "")
    body = channel.render(push_of(), message, {}, None, NOW)
    assert f'"own":{value.compact}' in body.decode()


@FEW
@given(ANY)
@example(TWICE)
def test_every_provider_is_sent_a_custom_payload_as_it_was_written(value: Json) -> None:
    push = push_of(Content(text="x", custom_payload=value.compact))
    for provider, render in RENDERERS.values():
        assert read_push(provider, render(push)).custom_payload in (value.compact, None)
    apple, cut = apns_render.render(push)
    assert cut or orjson.loads(apple)["rpns"]["customPayload"] == value.compact
    browser, cut = web.render(push, "Bank")
    assert cut or orjson.loads(browser)["rpns"]["customPayload"] == value.compact


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        ("NaN", "numbers must be finite"),
        ("-Infinity", "numbers must be finite"),
        ('"\\ud800"', "must be JSON in UTF-8"),
        ("[" * 300 + "]" * 300, "nested too deeply"),
        ("[" * 20000 + "]" * 20000, "nested too deeply"),
        ("01", "must be JSON in UTF-8"),
        ("1.", "must be JSON in UTF-8"),
        ('"a\\u0000"', "must not hold a NUL character"),
    ],
)
def test_what_cannot_be_handed_on_is_error_4_of_the_body(value: str, rule: str) -> None:
    body = f'{{"login":"d","password":"d","message":{{"type":"PUSH","data":{{"customPayload":{value}}}}}}}'
    for read in (read_request, read_json):
        with pytest.raises(Refused) as caught:
            read(body.encode())
        assert int(caught.value.refusal.code) == 4
        assert rule in caught.value.refusal.detail or "surrogate" in caught.value.refusal.detail


VALUES = st.recursive(
    st.none() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@FEW
@given(VALUES)
def test_any_value_is_written_as_json_or_refused(value: Any) -> None:
    try:
        text = lossless.dumps(value)
    except lossless.NotJson:
        with pytest.raises(ValueError, match=r"JSON compliant|surrogates"):
            json.dumps(value, allow_nan=False, ensure_ascii=False).encode()
    else:
        assert json.loads(text) == value
