"""`rpns status`: who works, who holds which partitions, what waits, what is wrong, what was put aside."""

from collections.abc import Sequence
from typing import Any

import typer
from rich.markup import escape

from deploy.cli import show
from deploy.cli.options import AsJson
from deploy.cli.place import operator

Json = dict[str, Any]
TROUBLE = 4
"""Exit code: something is wrong."""
NEEDED_BY_NOBODY = ("traces",)
"""Groups that no message waits for: what they have committed stays for days after they were switched off."""
SERVERS = {"kafka": "Kafka", "mongodb": "MongoDB"}
WITHOUT = {
    "kafka": "what waits and who reads it is not known",
    "mongodb": "which processes run and what was put aside is not known",
}
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
    troubles = troubles_of(found)
    if as_json:
        show.as_json({**found, "troubles": troubles})
    else:
        _print(found, troubles)
    if troubles:
        raise typer.Exit(TROUBLE)


def troubles_of(cluster: Json) -> list[str]:
    """What is wrong, a line each."""
    made = [
        f"{entry['service']} {entry['instance']} was last heard of {show.moment(entry['at'])[:19]} {show.zone()}"
        for entry in cluster["instances"]
        if entry["isSilent"]
    ]
    away = cluster.get("unanswered", ())  # a former registry answers 503 in place of naming them
    made += [f"{SERVERS[server]} does not answer the registry: {WITHOUT[server]}" for server in away]
    is_empty = "kafka" not in away and not cluster["groups"]
    if is_empty and any(not entry["isSilent"] for entry in cluster["instances"]):
        made.append("services work, and Kafka tells of no consumer group: it may be coming back; ask again")
    for group in cluster["groups"]:
        for topic in group["topics"]:
            if topic["unheld"] and group["group"] not in NEEDED_BY_NOBODY:
                what = f"{len(topic['unheld'])} of {topic['partitions']} partitions of {topic['topic']}"
                made.append(f"nobody in {group['group']} reads {what}; {topic['waiting']} records wait")
    made += [f"{sign['sign']} = {sign['value']:g} at {sign['service']} {sign['instance']}" for sign in cluster["signs"]]
    made += [_held_up(holdup) for holdup in cluster.get("holdups", ())]  # a former registry tells none
    letters = cluster["openDeadLetters"]
    made += [f"{count} dead letters of {topic}: `rpns dead-letters list`" for topic, count in letters.items()]
    return made


def _held_up(holdup: Json) -> str:
    way = f" ({holdup['way']})" if holdup["way"] else ""
    status = f"{holdup['status']} " if holdup["status"] else ""
    since = f"{show.moment(holdup['since'])[:19]} {show.zone()}"
    sender = f"{holdup['applicationId']} over {holdup['provider']}{way}"
    return f"{sender} is {holdup['state']} since {since}: {status}{holdup['detail']}"


def _print(cluster: Json, troubles: Sequence[str]) -> None:
    out = show.console()
    rows = [
        {**entry, "changedAt": entry["startedAt"], "state": "silent" if entry["isSilent"] else "works"}
        for entry in cluster["instances"]
    ]
    away = cluster.get("unanswered", ())
    if "mongodb" not in away:
        show.listing(rows, INSTANCES, "no process has told of itself", to_json=False)
    if "kafka" not in away:
        show.listing(list(_groups(cluster)), GROUPS, "there are no consumer groups", to_json=False)
    for trouble in troubles:
        out.print(f"[yellow]![/] {escape(trouble)}", soft_wrap=True)
    if not troubles:
        out.print("[green]✓[/] nothing is wrong")


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
            oldest = f"{topic['oldestMs'] / 1000:.1f} s" if topic["waiting"] else ""
            rows.append({**topic, "group": group["group"], "oldest": oldest, "held": holders or "nobody"})
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
