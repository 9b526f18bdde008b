"""The judgement over the ledgers: a good account has nothing wrong, and each kind of wrong is found by its name."""

from collections.abc import Callable

import pytest

from deploy.torture.ledgers import Account, Expected, History, LinkHistory, is_settled, judge, wrongs_of

READ, UNDELIVERED = 9, 5
ONE_PUSH = History("READ", "71", (LinkHistory("PUSH", "READ", READ, READ),))


def good(**changes: object) -> Account:
    """A push that was shown once, read, and reported so."""
    account = Account(
        "m", Expected(), accepted=True, mt_nums={"71"}, shown=1, pushes=1, reports={"PUSH": [0, READ]}, history=ONE_PUSH
    )
    for name, value in changes.items():
        setattr(account, name, value)
    return account


def cascade(**changes: object) -> Account:
    """A push to nobody's phone, and the SMS behind it."""
    links = (LinkHistory("PUSH", "SUPPRESSED", 5, 5), LinkHistory("SMS", "DELIVERED", 2, 2))
    account = good(
        expected=Expected(0, "once", UNDELIVERED),
        shown=0,
        pushes=0,
        sms=1,
        reports={"PUSH": [UNDELIVERED], "SMS": [0, 2]},
        history=History("DELIVERED", "71", links),
    )
    for name, value in changes.items():
        setattr(account, name, value)
    return account


@pytest.mark.parametrize("account", [good(), cascade(), good(reports={"PUSH": [READ]})])
def test_a_good_account_has_nothing_wrong(account: Account) -> None:
    assert wrongs_of(account) == []
    assert judge([account]).is_clean


WRONG: dict[str, Callable[[], Account]] = {
    "lost": lambda: good(shown=0, pushes=0),
    "shown twice": lambda: good(shown=2),
    "stuck": lambda: good(history=History("SENT", "71", (LinkHistory("PUSH", "SENT"),))),
    "reports backwards": lambda: good(reports={"PUSH": [READ, 0, READ]}),
    "reports missing": lambda: good(reports={"PUSH": [0]}),
    "cascades doubled": lambda: cascade(sms=2),
    "cascades missing": lambda: cascade(sms=0),
    "history disagrees": lambda: good(mt_nums={"72"}),
}


@pytest.mark.parametrize("kind", WRONG)
def test_each_kind_of_wrong_is_found(kind: str) -> None:
    verdict = judge([good(), WRONG[kind]()])
    assert list(verdict.wrong[kind]) == ["m"]
    assert not verdict.is_clean


def test_a_message_that_nobody_was_told_to_be_accepted_cannot_be_lost() -> None:
    assert wrongs_of(Account("m", Expected())) == []


def test_a_message_that_the_platform_does_not_know_is_stuck() -> None:
    assert ("stuck", "the platform does not know it") in wrongs_of(good(history=None))


def test_a_push_in_doubt_is_no_loss_where_a_second_one_would_be_shown_again() -> None:
    history = History("SENT", "71", (LinkHistory("PUSH", "SENT", 0, 0),), in_doubt=True)
    doubtful = good(expected=Expected(absorbs=False), shown=0, pushes=0, reports={"PUSH": [0]}, history=history)
    assert wrongs_of(doubtful) == []
    assert judge([doubtful]).in_doubt == 1
    doubtful.expected = Expected()  # an SDK that shows it once leaves no doubt
    assert {kind for kind, _ in wrongs_of(doubtful)} == {"lost", "stuck", "reports missing"}


def test_a_push_under_a_revoked_key_may_be_refused_if_that_is_told_and_its_cascade_goes_on() -> None:
    links = (LinkHistory("PUSH", "REFUSED", 5, 5),)
    refused = good(
        expected=Expected(may_be_refused=True),
        shown=0,
        pushes=0,
        reports={"PUSH": [UNDELIVERED]},
        history=History("REFUSED", "71", links),
    )
    assert wrongs_of(refused) == []
    assert is_settled(refused)
    assert judge([refused]).refused == 1
    refused.expected = Expected(may_be_refused=True, falls_back=True)
    assert [kind for kind, _ in wrongs_of(refused)] == ["cascades missing", "reports missing"]
    refused.expected = Expected()
    assert "lost" in dict(wrongs_of(refused))


def test_a_call_is_repeated_for_free_only_where_somebody_absorbs_it() -> None:
    absorbed = good(pushes=2, repeated=1)
    assert wrongs_of(absorbed) == []
    assert judge([absorbed, good()]).repeated_share == pytest.approx(1 / 3)
    assert [kind for kind, _ in wrongs_of(good(pushes=2, expected=Expected(absorbs=False)))] == ["shown twice"]


def test_history_must_not_claim_what_no_phone_has_shown() -> None:
    kinds = [kind for kind, _ in wrongs_of(good(shown=0, pushes=0))]
    assert "history disagrees" in kinds


def test_history_must_say_what_the_receiver_took_last() -> None:
    history = History("READ", "71", (LinkHistory("PUSH", "READ", READ, 0),))
    assert [kind for kind, _ in wrongs_of(good(history=history))] == ["history disagrees"]


def test_a_message_settles_when_its_last_reports_have_come() -> None:
    assert is_settled(good())
    assert not is_settled(good(reports={"PUSH": [0]}))
    assert not is_settled(cascade(reports={"PUSH": [UNDELIVERED]}))
    assert is_settled(Account("m", Expected()))
