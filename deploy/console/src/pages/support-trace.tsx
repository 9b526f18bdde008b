/** What happened to a message: the whole of it first, then each device, those that were left out too. What its head says
    already is not said again under the only device that failed. */

import { Badge } from "../parts/badge";
import type { Schemas } from "../documents";
import { Time } from "../parts/time";
import { t } from "../words";
import { Advice } from "./support-advice";
import { providerName, shortDevice } from "./support-names";

type Message = Schemas["MessageView"];
type Step = Schemas["EntryView"];
type Reason = Schemas["ReasonView"];

interface Device {
  id: string;
  /** By whom pushes come to it. */
  provider: string | null;
  steps: Step[];
  reason: Reason | null;
  isLeftOut: boolean;
}

export function Trace({ message }: { message: Message }) {
  const devices = devicesOf(message);
  const areSeveral = devices.filter(({ reason }) => reason !== null).length > 1;
  const isNews = (reason: Reason | null): reason is Reason => reason !== null && (areSeveral || reason.meaning !== message.reason?.meaning);
  return (
    <section class="card">
      <h2>{t("support.trace")}</h2>
      {devices.map(({ id, provider, steps, reason, isLeftOut }) => (
        <section key={id}>
          <h3>
            {id ? [`${t("support.device")} ${shortDevice(id)}`, provider && providerName(provider)].filter(Boolean).join(", ") : t("support.wholeMessage")}{" "}
            {isLeftOut && <Badge state={t("support.leftOut")} kind="bad" />}
          </h3>
          {isNews(reason) && <Advice reason={reason} />}
          {steps.length > 0 && <ol class="trace">{steps.map((step, index) => <Line key={`${step.eventId} ${index}`} step={step} />)}</ol>}
        </section>
      ))}
      {message.traceDropped > 0 && <p class="quiet">{message.traceDropped} {t("support.dropped")}</p>}
      <details>
        <summary>{t("support.raw")}</summary>
        <pre tabIndex={0}>{JSON.stringify({ links: message.links, trace: message.trace }, null, 2)}</pre>
      </details>
    </section>
  );
}

function Line({ step }: { step: Step }) {
  const facts = [
    step.provider,
    step.statusWords !== null ? `${step.statusWords} (${step.status})` : step.status === null ? null : String(step.status),
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

/** In the order in which they appear; those without a line of their own come last. */
function devicesOf({ trace, links }: Message): Device[] {
  const found = new Map<string, Device>();
  const device = (id: string) => {
    const known = found.get(id) ?? { id, provider: null, steps: [], reason: null, isLeftOut: false };
    found.set(id, known);
    return known;
  };
  device("");
  for (const step of trace) device(step.installationId ?? "").steps.push(step);
  for (const { deliveries, skipped } of links) {
    for (const { installationId, provider, reason } of deliveries) {
      const one = device(installationId);
      one.provider ??= provider;
      one.reason ??= reason;
    }
    for (const { installationId, provider, reason } of skipped) {
      const one = device(installationId);
      one.provider ??= provider;
      one.isLeftOut = one.steps.length === 0;
      one.reason ??= reason;
    }
  }
  return [...found.values()].filter(({ steps, reason }) => steps.length > 0 || reason !== null);
}
