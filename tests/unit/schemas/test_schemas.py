"""The contract: round trips, unknown fields and types, and no breaking change."""

import re
from pathlib import Path
from typing import Any

import msgspec
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import DeliveryState, codec, ids, topics
from schemas.__main__ import FOLDER, documents, event_schemas
from schemas.application_events import EntityKey, OwnedId, StopChanged, author_for_partners
from schemas.events import ProviderDispatched, ReceiptReceived
from schemas.providers import Provider

DISPATCHED = ProviderDispatched(
    event_id=ids.uuid7(),
    at=1,
    message_id=ids.uuid7(),
    partner_id="bank",
    delivery_id=ids.uuid7(),
    installation_id="i",
    application_id="app",
    provider=Provider.FCM,
    attempt=1,
    outcome="accepted",
)
STATUS = topics.STATUS_EVENTS["single"]
RECEIPT = ReceiptReceived(
    event_id="e", at=1, message_id="m", partner_id="", installation_id="i", kind="read", happened_at=2
)


def test_an_event_survives_the_log() -> None:
    assert codec.decode(topics.PROVIDER_DISPATCHED["single"], codec.encode(DISPATCHED)) == DISPATCHED
    assert codec.decode(STATUS, codec.encode(RECEIPT)) == RECEIPT


def test_fields_that_nobody_knows_are_ignored_and_types_skipped() -> None:
    other = orjson.loads(codec.encode(RECEIPT)) | {"colour": "blue"}
    assert codec.decode(STATUS, orjson.dumps(other)) == RECEIPT
    assert codec.decode(STATUS, orjson.dumps(other | {"type": "never-heard-of"})) is None


@given(st.binary(max_size=200))
def test_any_bytes_are_skipped_or_refused_with_a_reason(value: bytes) -> None:
    try:
        outcome: object = codec.decode(STATUS, value)
    except codec.Undecodable as error:
        outcome = str(error)
    assert outcome is None or isinstance(outcome, str)
    assert outcome != ""


def test_a_refusal_names_the_field_and_never_the_content() -> None:
    broken = codec.encode(RECEIPT).replace(b'"happened_at":2', b'"happened_at":"secret"')
    with pytest.raises(codec.Undecodable, match="happened_at") as caught:
        codec.decode(STATUS, broken)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "broken",
    [
        b'{"type":"receipt-received","kind":"secret"}',
        codec.encode(RECEIPT).replace(b'"read"', b'"secret"'),
        codec.encode(RECEIPT).replace(b'"read"', b'"`$.type`secret - at `$.type`"'),
        codec.encode(RECEIPT).replace(b'"read"', b'"secret\\ud800"'),
        codec.encode(RECEIPT).replace(b'"read"', b'"secret\xff"'),
        codec.encode(RECEIPT)[:-1] + b',"more":' + b"[" * 100_000,
        b'{"type":5,"secret":1}',
        b'["secret"]',
    ],
)
def test_whatever_is_wrong_is_refused_with_a_rule_and_without_the_content(broken: bytes) -> None:
    with pytest.raises(codec.Undecodable) as caught:
        codec.decode(STATUS, broken)
    assert "secret" not in str(caught.value)
    assert re.match(r"[a-z_.]+: .+", str(caught.value))


def test_a_default_is_left_out_and_read_again() -> None:
    assert "lane" not in orjson.loads(codec.encode(RECEIPT))
    assert codec.decode(STATUS, codec.encode(RECEIPT)) == RECEIPT


def test_what_comes_from_outside_is_checked_and_made_to_fit() -> None:
    given = {"event_id": "e", "at": 1, "message_id": "m", "partner_id": "", "installation_id": "i", "happened_at": 2}
    assert ReceiptReceived.checked(**given, kind="read") == RECEIPT
    assert RECEIPT.changed(lane="bulk").lane == "bulk"
    with pytest.raises(msgspec.ValidationError, match="kind"):
        ReceiptReceived.checked(**given, kind="eaten")
    with pytest.raises(msgspec.ValidationError, match="lane"):
        RECEIPT.changed(lane="fast")
    with pytest.raises(TypeError, match="ReceiptReceived has no field kinds"):
        ReceiptReceived.checked(**given, kinds="read")
    with pytest.raises(TypeError, match="has no field kinds"):
        RECEIPT.changed(kinds="read")


def test_every_event_says_its_type() -> None:
    """By `tag`: a field of this name would lie beside it, and the record would not tell what it is."""
    for event in {event for topic in topics.all_topics() for event in topic.events}:
        assert re.fullmatch("[a-z]+(-[a-z]+)*", codec.type_of(event)), event
        assert "type" not in event.__struct_fields__, event


def test_every_lane_and_provider_has_its_topic() -> None:
    names = [topic.name for topic in topics.all_topics()]
    assert len(names) == len(set(names))
    assert {f"target-resolved.{provider.value}{lane}" for provider in Provider for lane in ("", ".bulk")} <= set(names)
    assert all(topics.lane_of(name) == ("bulk" if ".bulk" in name else "single") for name in names)


def test_the_generated_documents_are_current() -> None:
    assert {path.name: path.read_bytes() for path in Path(FOLDER).glob("*.json")} == documents()


def test_no_change_breaks_old_records_or_old_readers() -> None:
    """`contract_v1.json` is what has been promised: what was there keeps its type and default, and stays optional."""
    promised: dict[str, dict[str, Any]] = orjson.loads(Path(__file__).with_name("contract_v1.json").read_bytes())
    current = {name: outline(orjson.loads(orjson.dumps(schema))) for name, schema in event_schemas().items()}
    for name, fields in promised.items():
        assert name in current, f"event {name} is gone"
        for field, promise in fields.items():
            assert field in current[name], f"{name}.{field} is gone"
            assert meaning(current[name][field]["type"]) == meaning(promise["type"]), f"{name}.{field} changed its type"
            assert "default" not in promise or current[name][field]["default"] == promise["default"], (
                f"{name}.{field} changed its default: records that leave it out would say something else"
            )
        known = {field.partition(".")[0] for field in fields if "." in field}  # a new value may require its own
        added = {
            field
            for field, now in current[name].items()
            if now["required"] and not fields.get(field) and ("." not in field or field.partition(".")[0] in known)
        }
        assert not added, f"{name}: new required fields {added} make old records unreadable"
        tightened = {field for field, was in fields.items() if not was["required"] and current[name][field]["required"]}
        assert not tightened, f"{name}: {tightened} became required"


def outline(schema: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Field to its type and whether it must be there, nested values included."""
    found: dict[str, dict[str, Any]] = {}
    for owner, part in {"": schema, **schema.get("$defs", {})}.items():
        for field, described in part.get("properties", {}).items():
            kept = {
                key: value for key, value in described.items() if key in {"type", "anyOf", "$ref", "items", "const"}
            }
            required = field in part.get("required", []) and "default" not in described
            default = {"default": described["default"]} if "default" in described else {}
            found[f"{owner}.{field}".lstrip(".")] = {
                "type": orjson.dumps(kept).decode(),
                "required": required,
            } | default
    return found


def meaning(described: str) -> Any:
    """A type of the outline; the values of an enum have no order."""

    def unordered(part: Any) -> Any:
        if isinstance(part, list):
            return [unordered(inner) for inner in part]
        if isinstance(part, dict):
            return {word: set(inner) if word == "enum" else unordered(inner) for word, inner in part.items()}
        return part

    return unordered(orjson.loads(described))


def test_ids_are_computed_and_look_as_they_should() -> None:
    uuid = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[57][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
    partner = ids.uuid7()
    message_id = ids.message_id_of(partner, "order 1")
    assert message_id == ids.message_id_of(partner, "order 1") != ids.message_id_of(partner, "order 2")
    assert uuid.fullmatch(message_id)
    assert uuid.fullmatch(partner)
    assert ids.is_uuid(partner)
    assert not any(map(ids.is_uuid, (partner.upper(), partner.replace("-", ""), "", f"{partner}\n")))
    assert ids.mt_num_of(message_id).isdecimal()
    assert int(ids.mt_num_of(message_id)) < 2**63


def test_new_ids_are_in_order_of_time() -> None:
    drawn = [ids.uuid7() for _ in range(50)]
    assert [drawn_id[:13] for drawn_id in drawn] == sorted(drawn_id[:13] for drawn_id in drawn)


def test_the_mark_of_a_recipient_tells_users_phones_and_applications_apart() -> None:
    marks = [
        ids.recipient_mark_of("app", "u", None),
        ids.recipient_mark_of("app", "u", "79"),
        ids.recipient_mark_of("app", None, "u"),
        ids.recipient_mark_of("other", "u", None),
        ids.recipient_mark_of("app", None, None),
    ]
    assert marks[0] == marks[1]
    assert len(set(marks)) == 4


def test_the_lattice_of_states() -> None:
    ranks = [
        state.rank for state in ("PLANNED", "SENT", "REFUSED", "DELIVERED", "READ") for state in [DeliveryState(state)]
    ]
    assert ranks == sorted(ranks)
    assert {state for state in DeliveryState if state.is_terminal} == {
        DeliveryState.SUPPRESSED,
        DeliveryState.EXPIRED,
        DeliveryState.REFUSED,
        DeliveryState.READ,
    }


@pytest.mark.parametrize(
    ("by", "shown"),
    [
        ("operator:duty", "operator"),
        ("bootstrap", "operator"),
        ("operator", "operator"),
        ("partner:bank", "bank"),
        ("", ""),
    ],
)
def test_a_partner_is_not_told_which_operator_it_was(by: str, shown: str) -> None:
    assert author_for_partners(by) == shown


def test_the_id_of_what_a_partner_owns_is_read_as_it_was_written() -> None:
    assert OwnedId.parse(str(OwnedId("bank", "summer/7"))) == OwnedId("bank", "summer/7")
    assert OwnedId.parse("bank") == OwnedId("bank", "")


def test_the_key_of_an_entity_is_read_as_its_event_wrote_it() -> None:
    stop = StopChanged(event_id="e", at=1, scope="packet", id="bank/7", state="paused")
    assert EntityKey.parse(stop.entity_key) == EntityKey("stop", "packet", "bank/7")
    assert EntityKey.parse("partner/a/b") == EntityKey("partner", "", "a/b")


def test_a_copy_takes_no_field_that_its_model_does_not_have() -> None:
    assert RECEIPT.replace(kind="delivered").kind == "delivered"
    assert RECEIPT.kind == "read"
    with pytest.raises(TypeError, match="has no field 'kinds'"):
        RECEIPT.replace(kinds="delivered")
