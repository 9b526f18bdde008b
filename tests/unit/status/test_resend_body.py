"""What a body of `POST /v1/report-resends` may say of its period."""

from typing import Any

import pytest
from pydantic import ValidationError

from services.status.resends.routes import ResendBody


@pytest.mark.parametrize("since", ["1795971845000", 1795971845000, "2026-11-29T18:04:05Z"])
def test_milliseconds_may_be_a_number_or_text(since: object) -> None:
    body = ResendBody.model_validate({"since": since, "until": since})
    assert body.since == body.until == str(since)


@pytest.mark.parametrize("since", [True, 1.5, -1, 10**30, None, [], "x" * 41])
def test_what_is_no_time_is_refused(since: Any) -> None:
    with pytest.raises(ValidationError) as refused:
        ResendBody.model_validate({"since": since})
    assert [fault["loc"] for fault in refused.value.errors()] == [("since",)]


def test_the_former_names_are_read_too() -> None:
    body = ResendBody.model_validate({"since": 1, "per_second": 7, "dry_run": True})
    assert (body.per_second, body.dry_run) == (7, True)
