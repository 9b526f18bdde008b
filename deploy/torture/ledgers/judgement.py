"""What is wrong with a message, by its account. Pure.

All must be 0 but the provider calls that were repeated, which are a share. A message that the partner was never told
to be accepted may be there or not, so it cannot be lost; all else holds for it too.
"""

from collections import Counter
from collections.abc import Iterable

from deploy.torture.ledgers.entries import Account, History, Verdict
from schemas.reports import ReportStatus

LOST, TWICE, STUCK = "lost", "shown twice", "stuck"
BACKWARDS, MISSING = "reports backwards", "reports missing"
DOUBLED, ABSENT, DISAGREES = "cascades doubled", "cascades missing", "history disagrees"
ZERO = (LOST, TWICE, STUCK, BACKWARDS, MISSING, DOUBLED, ABSENT, DISAGREES)
_SENT, _DELIVERED, _UNDELIVERED, _READ = (int(status) for status in ReportStatus)
_STATE_OF = {_SENT: "SENT", _DELIVERED: "DELIVERED", _READ: "READ"}
_PUSH, _SMS = "PUSH", "SMS"


def judge(accounts: Iterable[Account]) -> Verdict:
    """The verdict over all of them."""
    wrong: dict[str, dict[str, str]] = {kind: {} for kind in ZERO}
    outcomes: Counter[str] = Counter()
    total = accepted = calls = repeated = in_doubt = refused = 0
    for account in accounts:
        total += 1
        accepted += account.accepted
        calls += account.calls
        repeated += account.calls_repeated
        in_doubt += _in_doubt(account)
        refused += _is_refused(account)
        outcomes[account.history.state if account.history is not None else "unknown"] += 1
        for kind, why in wrongs_of(account):
            wrong[kind][account.ref] = why
    about = {"calls_repeated": repeated, "in_doubt": in_doubt, "refused": refused}
    return Verdict(wrong, total, accepted, calls, **about, outcomes=outcomes)


def wrongs_of(account: Account) -> list[tuple[str, str]]:
    """Each kind of wrong, with what is wrong."""
    found = [*_shown(account), *_cascade(account), *_reports(account)]
    if account.accepted:
        found += [*_lost(account), *_stuck(account)]
    return found + _history(account)


def is_settled(account: Account) -> bool:
    """Whether it has come as far as it is to, by what the receiver was told; in doubt, once its history is known."""
    if not account.accepted or _stays_sent(account):
        return True
    has_ended = _is_refused(account) or _last(account, _PUSH) == account.expected.end
    return has_ended and (not _wants_sms(account) or _last(account, _SMS) == _DELIVERED)


def _is_refused(account: Account) -> bool:
    """Truly: unseen, and told so."""
    return account.expected.may_be_refused and not account.shown and _last(account, _PUSH) == _UNDELIVERED


def _wants_sms(account: Account) -> bool:
    return account.expected.falls_back if _is_refused(account) else account.expected.sms == "once"


def _in_doubt(account: Account) -> bool:
    """The provider may have it, and cannot absorb another, so it is not sent again: the partner is told that it was
    sent, and not that it was delivered."""
    return account.history is not None and account.history.in_doubt and not account.expected.absorbs


def _stays_sent(account: Account) -> bool:
    return _in_doubt(account) and _last(account, _PUSH) == _SENT


def _lost(account: Account) -> list[tuple[str, str]]:
    if account.expected.shown == 1 and not (account.shown or _in_doubt(account) or _is_refused(account)):
        return [(LOST, f"no phone has shown it; history says {_state(account)}")]
    return []


def _shown(account: Account) -> list[tuple[str, str]]:
    most = 1 if account.expected.shown is None else account.expected.shown
    if account.shown > most:
        return [(TWICE, f"shown {account.shown} times")]
    if account.pushes > 1 and not account.expected.absorbs:
        return [(TWICE, f"its provider took it {account.pushes} times, and cannot absorb that")]
    return []


def _stuck(account: Account) -> list[tuple[str, str]]:
    if account.history is None:
        return [(STUCK, "the platform does not know it")]
    doubtful = _in_doubt(account)
    for link in account.history.links:
        if link.state == "PLANNED" or (link.state == "SENT" and not doubtful):
            return [(STUCK, f"its {link.channel} is still {link.state}")]
    return []


def _cascade(account: Account) -> list[tuple[str, str]]:
    wanted = _wants_sms(account)
    if account.sms > wanted:
        return [(DOUBLED, f"{account.sms} SMS, of {int(wanted)}")]
    if wanted and not account.sms and account.accepted:
        return [(ABSENT, "no SMS went out")]
    return []


def _reports(account: Account) -> list[tuple[str, str]]:
    found = []
    for channel, statuses in account.reports.items():
        ranks = [ReportStatus(status).rank for status in statuses]
        if ranks != sorted(ranks):
            found.append((BACKWARDS, f"{channel}: {statuses}"))
    if account.accepted and not is_settled(account):
        found.append(
            (MISSING, f"the receiver was told {account.reports or 'nothing'}, to end in {account.expected.end}")
        )
    return found


def _history(account: Account) -> list[tuple[str, str]]:
    """The platform's own account beside the others."""
    if len(account.mt_nums) > 1:
        return [(DISAGREES, f"one id was answered by {sorted(account.mt_nums)}")]
    history = account.history
    if history is None:
        return [(DISAGREES, f"shown {account.shown} times, and not known")] if account.shown else []
    if account.mt_nums and history.mt_num not in account.mt_nums:
        return [(DISAGREES, f"answered {sorted(account.mt_nums)}, known as {history.mt_num}")]
    return [(DISAGREES, why) for why in _contradictions(account, history)]


def _contradictions(account: Account, history: History) -> list[str]:
    found = []
    for link in history.links:
        last = _last(account, link.channel)
        if link.taken is not None and last != link.taken:
            found.append(f"says that {link.taken} was taken of {link.channel}; the receiver was last told {last}")
        if last in _STATE_OF and link.state != _STATE_OF[last]:
            found.append(f"says {link.channel} {link.state}; the receiver was last told {last}")
    push = next((link for link in history.links if link.channel == _PUSH), None)
    if push is not None and push.state in ("READ", "DELIVERED") and not account.shown:
        found.append(f"says {push.state}, and no phone has shown it")
    if push is not None and account.shown and account.expected.end == _READ and push.state != "READ":
        found.append(f"says {push.state}; a phone has shown it, and it was read")
    return found


def _state(account: Account) -> str:
    return account.history.state if account.history is not None else "nothing"


def _last(account: Account, channel: str) -> int | None:
    statuses = account.reports.get(channel)
    return statuses[-1] if statuses else None
