"""The directory: what stops a message, from the events that say so."""

from schemas import codec, ids
from schemas.application_events import StopChanged
from services.runtime.directory import Directory


def stop(scope: str, name: str, state: str) -> StopChanged:
    about = {"event_id": ids.uuid7(), "at": 1, "scope": scope, "id": name, "state": state}
    return StopChanged.stored(about)


def directory_of(*events: StopChanged) -> Directory:
    directory = Directory()
    for event in events:
        directory.apply(event.entity_key, codec.encode(event))
    return directory


def test_a_stop_holds_until_it_is_lifted() -> None:
    assert directory_of(stop("partner", "bank", "paused")).stop_of("bank") is not None
    assert directory_of(stop("partner", "bank", "paused"), stop("partner", "bank", "running")).stop_of("bank") is None
    assert directory_of(stop("partner", "bank", "paused")).stop_of("shop") is None


def test_a_cancelled_packet_counts_before_a_paused_partner() -> None:
    directory = directory_of(stop("partner", "bank", "paused"), stop("packet", "bank/7", "cancelled"))
    found = directory.stop_of("bank", "app", packet_id=7)
    assert found is not None
    assert (found.scope, found.state) == ("packet", "cancelled")
    paused = directory.stop_of("bank", "app", packet_id=8)
    assert paused is not None
    assert paused.scope == "partner"


def test_nobody_stops_the_packet_or_mailing_of_another() -> None:
    directory = directory_of(stop("packet", "bank/7", "cancelled"), stop("mailing", "bank/m", "cancelled"))
    assert directory.stop_of("shop", packet_id=7, mailing_id="m") is None
    assert directory.stop_of("bank", mailing_id="m") is not None


def test_a_provider_is_asked_for_by_name() -> None:
    assert directory_of(stop("provider", "hms", "paused")).stopped("provider", "hms") is not None
    assert directory_of(stop("provider", "hms", "running")).stopped("provider", "hms") is None


def test_a_record_without_a_value_ends_a_stop_and_nothing_else() -> None:
    directory = directory_of(
        stop("packet", "bank/7", "cancelled"), stop("packet", "bank/8", "paused"), stop("provider", "hms", "paused")
    )
    version = directory.version
    for key in ("stop/packet/bank/7", "stop/packet/bank/9", "stop/moon/1", "partner/bank", "nonsense", ""):
        directory.apply(key, None)
    assert directory.version == version + 1
    assert directory.stop_of("bank", packet_id=7) is None
    assert directory.stop_of("bank", packet_id=8) is not None
    assert [stop.id for stop in directory.stops_of_partner("bank")] == ["bank/8"]
    directory.apply("stop/packet/bank/8", None)
    directory.apply("stop/provider/hms", None)
    assert (directory.stops_of_partner("bank"), directory.holding(), directory.stops) == ([], [], {})
    assert directory_of(stop("packet", "bank/7", "paused")).stop_of("bank", packet_id=7) is not None
