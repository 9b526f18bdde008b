"""`rpns status`: who works, who holds which partitions, what waits, what is wrong, what was put aside."""

from collections.abc import Sequence
from typing import Any

import typer
from rich.markup import escape

from deploy.cli import show
from deploy.cli.options import AsJson
from deploy.cli.place import operator
from deploy.cli.words import phrase, speaking, spoken, state_in
from schemas.language import Language

Json = dict[str, Any]
TROUBLE = 4
"""Exit code: something is wrong."""
NEEDED_BY_NOBODY = ("traces",)
"""Groups that no message waits for: what they have committed stays for days after they were switched off."""
SERVERS = {"kafka": "Kafka", "mongodb": "MongoDB"}
INSTANCES = {
    "service": "service",
    "instance": "instance",
    "version": "version",
    "lanes": "lanes",
    "host": "host",
    "changedAt": "since, UTC",
    "state": "state",
}
GROUPS = {
    "group": "group",
    "topic": "topic",
    "waiting": "waiting",
    "oldest": "oldest",
    "held": "held by (partitions)",
}


def status(context: typer.Context, as_json: AsJson = False) -> None:
    """Show who works, what waits and what is wrong. Exit code 0: all is well; 4: something is wrong."""
    found: Json = operator(context).call("GET", "/v1/cluster")
    with speaking(Language.ENGLISH if as_json else spoken()):
        troubles = troubles_of(found)
    if as_json:
        show.as_json({**found, "troubles": troubles})
    else:
        _print(found, troubles)
    if troubles:
        raise typer.Exit(TROUBLE)


def troubles_of(cluster: Json) -> list[str]:
    """What is wrong, a line each."""
    made = [_silent(entry) for entry in cluster["instances"] if entry["isSilent"]]
    away = cluster.get("unanswered", ())  # a former registry answers 503 in place of naming them
    made += [_away(server) for server in away]
    is_empty = "kafka" not in away and not cluster["groups"]
    if is_empty and any(not entry["isSilent"] for entry in cluster["instances"]):
        made.append(phrase("services work, and Kafka tells of no consumer group: it may be coming back; ask again"))
    for group in cluster["groups"]:
        for topic in group["topics"]:
            if topic["unheld"] and group["group"] not in NEEDED_BY_NOBODY:
                made.append(_unheld(group["group"], topic))
    made += [_sign(sign) for sign in cluster["signs"]]
    made += [_held_up(holdup) for holdup in cluster.get("holdups", ())]  # a former registry tells none
    letters = cluster["openDeadLetters"]
    text = "{count} {count:dead letter|dead letters} of {topic}: `rpns dead-letters list`"
    made += [phrase(text, count=count, topic=topic) for topic, count in letters.items()]
    return made


def _silent(entry: Json) -> str:
    at = f"{show.moment(entry['at'])[:19]} {show.zone()}"
    return phrase(
        "{service} {instance} was last heard of {at}", service=entry["service"], instance=entry["instance"], at=at
    )


def _away(server: str) -> str:
    if server == "kafka":
        text = "{server} does not answer the registry: what waits and who reads it is not known"
    else:
        text = "{server} does not answer the registry: which processes run and what was put aside is not known"
    return phrase(text, server=SERVERS[server])


def _unheld(group: str, topic: Json) -> str:
    return phrase(
        "nobody in {group} reads {unheld} of {partitions} partitions of {topic}; {waiting} records wait",
        group=group,
        unheld=len(topic["unheld"]),
        partitions=topic["partitions"],
        topic=topic["topic"],
        waiting=topic["waiting"],
    )


def _sign(sign: Json) -> str:
    names = {"sign": sign["sign"], "service": sign["service"], "instance": sign["instance"]}
    return phrase("{sign} = {value} at {service} {instance}", value=f"{sign['value']:g}", **names)


def _held_up(holdup: Json) -> str:
    way = f" ({holdup['way']})" if holdup["way"] else ""
    status = f"{holdup['status']} " if holdup["status"] else ""
    since = f"{show.moment(holdup['since'])[:19]} {show.zone()}"
    sender = phrase("{application} over {way}", application=holdup["applicationId"], way=holdup["provider"] + way)
    text = "{sender} is {state} since {since}: {answer}"
    return phrase(
        text, sender=sender, state=state_in(holdup["state"]), since=since, answer=f"{status}{holdup['detail']}"
    )


def _print(cluster: Json, troubles: Sequence[str]) -> None:
    out = show.console()
    rows = [
        {**entry, "changedAt": entry["startedAt"], "state": phrase("silent" if entry["isSilent"] else "works")}
        for entry in cluster["instances"]
    ]
    away = cluster.get("unanswered", ())
    if "mongodb" not in away:
        show.listing(rows, INSTANCES, phrase("no process has told of itself"), to_json=False)
    if "kafka" not in away:
        show.listing(list(_groups(cluster)), GROUPS, phrase("there are no consumer groups"), to_json=False)
    for trouble in troubles:
        out.print(f"[yellow]![/] {escape(trouble)}", soft_wrap=True)
    if not troubles:
        out.print(f"[green]✓[/] {phrase('nothing is wrong')}")


def _groups(cluster: Json) -> list[Json]:
    rows = []
    for group in cluster["groups"]:
        for topic in group["topics"]:
            holders = [
                f"{member['instance']} ({spans(holds['partitions'])})"
                for member in group["members"]
                for holds in member["holds"]
                if holds["topic"] == topic["topic"]
            ]
            seconds = f"{topic['oldestMs'] / 1000:.1f}" if topic["waiting"] else ""
            oldest = phrase("{seconds} s", seconds=seconds) if seconds else ""
            rows.append({**topic, "group": group["group"], "oldest": oldest, "held": holders or phrase("nobody")})
    return rows


def spans(numbers: Sequence[int]) -> str:
    """0, 1, 2, 5 as 0-2 5."""
    made: list[list[int]] = []
    for number in numbers:
        if made and number == made[-1][1] + 1:
            made[-1][1] = number
        else:
            made.append([number, number])
    return " ".join(str(first) if first == last else f"{first}-{last}" for first, last in made)
