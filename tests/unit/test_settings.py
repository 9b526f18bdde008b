"""What the environment may say, and what is refused with the name of the variable."""

import pytest

from services.settings import BadSettings, Settings


def test_a_process_works_on_both_lanes_unless_told_otherwise() -> None:
    assert Settings.from_environment({}).lanes == ("single", "bulk")
    assert Settings.from_environment({"RPNS_LANES": ""}).lanes == ("single", "bulk")
    assert Settings.from_environment({"RPNS_LANES": "bulk"}).lanes == ("bulk",)
    assert Settings.from_environment({"RPNS_LANES": "bulk, single"}).lanes == ("bulk", "single")


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("RPNS_LANES", "fast"),
        ("RPNS_LANES", "single,"),
        ("RPNS_LANES", "bulk,bulk"),
        ("RPNS_NICENESS", "-1"),
        ("KAFKA_PARTITIONS", "0"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused_by_its_name(variable: str, value: str) -> None:
    with pytest.raises(BadSettings, match=variable):
        Settings.from_environment({variable: value})
