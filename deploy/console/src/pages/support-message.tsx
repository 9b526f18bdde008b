/** One message: what became of it, and its trace, device by device. */

import { useState } from "preact/hooks";
import { get } from "../api";
import { place, type Schemas } from "../documents";
import { MessageBadge } from "../parts/badge";
import { Masked } from "../parts/masked";
import { useLive, type Stream } from "../parts/live";
import { LiveLine } from "../parts/live-shown";
import { Failure, Loading } from "../parts/states";
import { Time } from "../parts/time";
import { isPortal } from "../session";
import { t } from "../words";
import { Devices, type Whose } from "./support-devices";

type Step = Schemas["EntryView"];

type Message = Schemas["MessageView"];

const LOOK_S = 2;
const FRESH_MS = 600_000;

/** Masked until somebody asks; then the message is asked for again, and the audit trail says so. Nothing is masked of a
    partner's own.

    While it is masked it is followed, a message of the last minutes also without a stream: each unmasked look would be a
    record of its own. */
export function MessageTrace({ id }: { id: string }) {
  const [isShown, show] = useState(isPortal);
  const [hasDevices, openDevices] = useState(false);
  const at = place("/v1/messages/{any_id}", { any_id: id }, { masked: isShown ? null : true });
  const stream: Stream<Message> = {
    path: place("/v1/messages/{any_id}/live", { any_id: id }, { masked: true }),
    value: ({ message }) => (message as Message | undefined) ?? null,
  };
  const follows = ({ state, createdAt }: Message) => ((isShown && !isPortal) || state === "READ" || Date.now() - createdAt > FRESH_MS ? null : LOOK_S);
  const live = useLive(at, (signal) => get(at, signal), follows, isShown || isPortal ? null : stream);
  const { value: message, error, again } = live;
  const devices = () => {
    openDevices(true);
    show(true); // whose they are is asked for by the value itself
  };
  return (
    <>
      {error !== null ? <Failure error={error} retry={again} /> : message === null && <Loading />}
      {message !== null && (
        <>
          <Told message={message} show={isShown ? undefined : () => show(true)} />
          <LiveLine live={live} everyS={follows(message)} />
          {(message.externalUserId || message.phone) && (
            <Devices query={isShown ? ownerOf(message) : null} isOpen={hasDevices} ask={devices} />
          )}
        </>
      )}
    </>
  );
}

function ownerOf({ externalUserId, phone }: Message): Whose {
  return externalUserId ? { user: externalUserId } : { phone };
}

function Told({ message, show }: { message: Message; show: (() => void) | undefined }) {
  const facts: [string, string | null][] = [
    [t("support.message"), message.messageId],
    ["mtNum", message.mtNum],
    ["id", message.id],
    [t("support.partner"), message.partnerId],
    [t("support.channel"), message.channel],
  ];
  const personal: [string, string | null][] = [
    [t("support.recipient"), message.phone && `+${message.phone}`],
    [t("support.user"), message.externalUserId],
    [t("support.text"), message.text],
  ];
  return (
    <>
      <section class="card">
        <h2><MessageBadge state={message.state} /> {message.explanation}</h2>
        <dl>
          {facts.map(([name, value]) => value !== null && <><dt>{name}</dt><dd>{value}</dd></>)}
          <dt>{t("support.created")}</dt><dd><Time at={message.createdAt} /></dd>
          {personal.map(([name, value]) => value && <><dt>{name}</dt><dd><Masked value={value} label={name} show={show} /></dd></>)}
        </dl>
      </section>
      <section class="card">
        <h2>{t("support.trace")}</h2>
        {byDevice(message.trace).map(([device, steps]) => (
          <section key={device}>
            <h3>{device ? `${t("support.device")} ${device.slice(0, 8)}` : t("support.wholeMessage")}</h3>
            <ol class="trace">{steps.map((step, index) => <Line key={`${step.eventId} ${index}`} step={step} />)}</ol>
          </section>
        ))}
        {message.traceDropped > 0 && <p class="quiet">{message.traceDropped} {t("support.dropped")}</p>}
        <details>
          <summary>{t("support.raw")}</summary>
          <pre tabIndex={0}>{JSON.stringify(message.trace, null, 2)}</pre>
        </details>
      </section>
    </>
  );
}

function Line({ step }: { step: Step }) {
  const facts = [
    step.provider,
    step.status === null ? null : String(step.status),
    step.what !== "report" && (step.attempt ?? 0) > 1 ? `${t("support.step.attempt")} ${step.attempt}` : null,
    step.detail,
    step.link ? `${t("support.link")} ${step.link + 1}` : null,
    step.latencyMs ? `${step.latencyMs} ${t("support.ms")}` : null,
    step.late ? t("support.step.late") : null,
    step.counts ? null : t("support.step.notCounted"),
  ].filter(Boolean);
  return (
    <li class={step.reason ? "failed" : ""}>
      <strong>{step.words}</strong> <span>{facts.join(" · ")}</span>
      {step.reason && <div class="failure">{step.reason.words} (errorCode {step.reason.errorCode})</div>}
      <div class="quiet"><Time at={step.at} /></div>
    </li>
  );
}

/** What happened to the whole message first, then each device in the order in which it appears. */
function byDevice(trace: Step[]): [device: string, steps: Step[]][] {
  const groups = new Map<string, Step[]>([["", []]]);
  for (const step of trace) {
    const device = step.installationId ?? "";
    groups.set(device, [...(groups.get(device) ?? []), step]);
  }
  return [...groups].filter(([, steps]) => steps.length);
}
