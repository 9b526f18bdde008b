"""Plays one scene: send, watch every side of it, and say what came of it."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from rich.console import Console
from rich.markup import escape

from deploy.cli.show import PROVIDER_NAMES, STATUSES
from deploy.demo.phones import Customer, Numbers
from deploy.demo.scenes import CODES, UNDELIVERED, Outcome, Scene
from deploy.demo.timeline import Timeline
from deploy.play.bank import Answer, Json
from deploy.play.sides import NAMES, Sides
from deploy.sandbox.phone.device import Device, Happening, now_ms
from deploy.sandbox.phone.kinds import Platform

DEADLINE_S = 30.0
LOOK_S = 0.1


@dataclass
class Watched:
    """What has been seen of one message so far."""

    devices: Sequence[Device]
    mt_nums: set[str] = field(default_factory=set)
    reports: list[Json] = field(default_factory=list)
    trace: dict[str, Json] = field(default_factory=dict)  # by event id
    shown: int = 0
    token_is_gone: bool = False

    def outcome(self) -> Outcome:
        own = {device.installation_id for device in self.devices}
        last = self.reports[-1]["report"] if self.reports else {}
        return Outcome(
            status=last.get("status"),
            error_code=int(last.get("errorCode", 0)),
            shown=self.shown,
            repeated=sum(entry["what"] == "repeated" for entry in self.trace.values()),
            attempts=sum(
                entry["what"] == "attempt" and entry["installationId"] in own for entry in self.trace.values()
            ),
            token_is_gone=self.token_is_gone,
            mt_nums=len(self.mt_nums),
        )


class Stage:
    """`run` makes the ids of this demo's messages differ from the last one's."""

    def __init__(
        self,
        sides: Sides,
        *,
        numbers: Numbers,
        phones: dict[tuple[Customer, Platform], Device],
        console: Console,
        run: str,
    ) -> None:
        self._bank, self._fleet, self._control = sides.bank, sides.fleet, sides.control
        self._numbers, self._phones, self._console, self._run = numbers, phones, console, run

    def ref(self, number: int) -> str:
        """The bank's own id of scene `number`'s message."""
        return f"{self._run}-{number}"

    async def play(self, number: int, scene: Scene) -> Outcome:
        """Ends as soon as the outcome is the expected one, or after DEADLINE_S."""
        devices = [self._phones[scene.to, platform] for platform in scene.to.platforms]
        self._console.print(f"\n[bold]{number}  {escape(scene.title)}[/]", highlight=False)
        timeline, watched = Timeline(self._console), Watched(devices)
        if scene.before is not None:
            await scene.before(self._control, devices[0])
            timeline.add(now_ms(), "sandbox", f"[dim]{escape(scene.trouble)}[/]")

        def hear(happening: Happening) -> None:
            if happening.device in devices:
                _add_happening(timeline, watched, happening)

        self._fleet.listeners.append(hear)
        try:
            async with timeline.live():
                for _ in range(scene.posts):
                    await self._post(number, scene, timeline, watched)
                with suppress(TimeoutError):
                    async with asyncio.timeout(DEADLINE_S):
                        await self._watch(self.ref(number), scene, timeline, watched)
        finally:
            self._fleet.listeners.remove(hear)
        return watched.outcome()

    async def _post(self, number: int, scene: Scene, timeline: Timeline, watched: Watched) -> None:
        title = f"{scene.data['title']}: " if "title" in scene.data else ""
        phone = f"+{self._numbers.of(scene.to)}"
        timeline.add(now_ms(), "bank", f"POST /v6/send  “{escape(title + scene.text)}” to {phone}")
        answer = await self._bank.send(scene.text, phone=phone, ref=self.ref(number), **scene.data)
        timeline.add(now_ms(), "platform", _words(answer))
        if answer.http_status == 200:
            watched.mt_nums.add(answer.mt_num)

    async def _watch(self, ref: str, scene: Scene, timeline: Timeline, watched: Watched) -> None:
        while watched.outcome() != scene.expected:
            await asyncio.sleep(LOOK_S)
            message = await self._bank.message(ref)
            if message is not None:
                for entry in message["trace"]:
                    if entry["eventId"] not in watched.trace:
                        watched.trace[entry["eventId"]] = entry
                        _add_entry(timeline, entry, message)
            reports = await self._control.reports(ref)
            for report in reports[len(watched.reports) :]:
                _add_report(timeline, report)
            watched.reports = reports
            if scene.expected.token_is_gone and not watched.token_is_gone:
                await watched.devices[0].refresh()
                if watched.devices[0].view["token"] is None:
                    watched.token_is_gone = True
                    timeline.add(now_ms(), "platform", "the token is retired")


def _words(answer: Answer) -> str:
    if answer.http_status == 200:
        return f"200  mtNum [bold]{answer.mt_num}[/]"
    return f"[red]{answer.http_status}  error {answer.error_code}: {escape(str(answer.body))}[/]"


def _add_happening(timeline: Timeline, watched: Watched, happening: Happening) -> None:
    push, name = happening.push, NAMES[happening.device.platform]
    match happening.what:
        case "shown":
            watched.shown += 1
            carried = f"[dim]from {PROVIDER_NAMES[happening.device.provider]}[/]"
            timeline.add(happening.at_ms, name, f"[bold]▣ {escape(push.text)}[/]  {carried}")
            if push.url:
                buttons = "  ".join(f"[reverse] {escape(action.title)} [/]" for action in push.actions)
                timeline.add(happening.at_ms, name, f"  [dim]{push.category} {escape(push.url)}[/]  {buttons}")
        case "read":
            timeline.add(happening.at_ms, name, "read")
        case "clicked":
            timeline.add(happening.at_ms, name, f"button pressed: {happening.detail}")
        case "dismissed":
            timeline.add(happening.at_ms, name, "swiped away")
        case "repeated" | "foreign" | "silenced":
            timeline.add(happening.at_ms, name, f"[yellow]{happening.what}, not shown[/]")


def _add_entry(timeline: Timeline, entry: Json, message: Json) -> None:
    match entry["what"]:
        case "planned" if entry["reason"]:
            timeline.add(entry["at"], "platform", f"to nobody: [yellow]{escape(entry['reason']['words'])}[/]")
        case "planned":
            providers = [PROVIDER_NAMES[delivery["provider"]] for delivery in message["links"][0]["deliveries"]]
            timeline.add(entry["at"], "platform", f"over {', '.join(providers)}")
        case "repeated":
            timeline.add(entry["at"], "platform", "the repeated request is dropped")
        case "attempt" if not entry["detail"].startswith("accepted"):
            provider, status = PROVIDER_NAMES.get(entry["provider"], ""), entry["status"] or "no answer"
            timeline.add(entry["at"], "platform", f"[yellow]{provider} {status}  {escape(entry['detail'])}[/]")
        case "attempt" if entry["attempt"] > 1:
            provider = PROVIDER_NAMES.get(entry["provider"], "")
            timeline.add(entry["at"], "platform", f"{provider} {entry['status']}  attempt {entry['attempt']}: accepted")


def _add_report(timeline: Timeline, report: Json) -> None:
    body = report["report"]
    code = int(body["errorCode"])
    why = f", errorCode {code}: {CODES.get(code, '')}" if code else ""
    style = "yellow" if body["status"] == UNDELIVERED else "bold"
    timeline.add(report["at_ms"], "bank", f"◀ report: [{style}]{STATUSES[body['status']].english}[/]{escape(why)}")
