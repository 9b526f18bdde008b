/** `GET /v1/cluster`, and what is wrong by it, a line each. */

import type { Schemas } from "../../documents";
import { told } from "../../parts/figures";
import { t, type Key } from "../../words";
import { at } from "./place";

export type Cluster = Schemas["ClusterView"];
export type Instance = Cluster["instances"][number];
export type Group = Cluster["groups"][number];
export type TopicLag = Group["topics"][number];
/** Why pushes of an application wait at a provider, or its dead tokens stay, as one process sees it. */
export type Holdup = Cluster["holdups"][number];

/** A metric that is above 0, and by which processes. */
export interface Sign {
  metric: string;
  labels: Record<string, string>;
  value: number;
  instances: string[];
}

export interface Trouble {
  text: string;
  /** Where something can be done about it. */
  href?: string;
}

/** Groups that no message waits for: what they have committed stays for days after they were switched off. */
const NEEDED_BY_NOBODY = new Set(["traces"]);

const SIGNS: Record<string, Key> = {
  rpns_sender_stopped: "sign.senderStopped",
  rpns_retiring_paused: "sign.retiringPaused",
  rpns_identity_off: "sign.identityOff",
  rpns_suspects: "sign.suspects",
  rpns_weak_topics: "sign.weakTopics",
  rpns_erasures_set_aside: "sign.erasuresSetAside",
  rpns_provider_away: "sign.providerAway",
  rpns_clock_off_seconds: "sign.clockOff",
  rpns_twin_instance: "sign.twinInstance",
};

/** The signs of all processes, the same of several as one. */
export function signsOf(cluster: Cluster): Sign[] {
  const found = new Map<string, Sign>();
  for (const { sign, value, service, instance } of cluster.signs) {
    const known = found.get(sign);
    const name = `${service} ${instance}`;
    if (known) {
      known.value = Math.max(known.value, value);
      known.instances.push(name);
    } else {
      found.set(sign, { ...parsed(sign), value, instances: [name] });
    }
  }
  return [...found.values()];
}

/** `name{label=value, …}` */
function parsed(sign: string): { metric: string; labels: Record<string, string> } {
  const [metric = "", inner = ""] = sign.replace(/}$/, "").split("{");
  const pairs = inner ? inner.split(", ").map((pair) => pair.split("=", 2) as [string, string]) : [];
  return { metric, labels: Object.fromEntries(pairs) };
}

export function troublesOf(cluster: Cluster): Trouble[] {
  const silent = cluster.instances
    .filter((known) => known.isSilent)
    .map((known): Trouble => ({ text: told("trouble.silent", { service: known.service, instance: known.instance }) }));
  const unheld = cluster.groups
    .filter((group) => !NEEDED_BY_NOBODY.has(group.group))
    .flatMap((group) => group.topics.filter((topic) => topic.unheld.length > 0).map((topic) => unheldTrouble(group, topic)));
  const letters = Object.entries(cluster.openDeadLetters).map(
    ([topic, count]): Trouble => ({ text: told("trouble.deadLetters", { topic, count }), href: at("dead-letters") }),
  );
  const away = (cluster.unanswered ?? []).map((server): Trouble => ({ text: t(`trouble.away.${server}`) }));
  return [...away, ...silent, ...unheld, ...signsOf(cluster).map(signTrouble), ...letters];
}

function unheldTrouble(group: Group, topic: TopicLag): Trouble {
  const values = { group: group.group, topic: topic.topic, unheld: topic.unheld.length, partitions: topic.partitions, waiting: topic.waiting };
  return { text: told("trouble.unheld", values) };
}

function signTrouble(sign: Sign): Trouble {
  const key = SIGNS[sign.metric];
  const where = sign.instances.join(", ");
  const { application } = sign.labels;
  const text = key ? `${told(key, { ...sign.labels, value: sign.value })} (${where})` : `${sign.metric} = ${sign.value} (${where})`;
  return application ? { text, href: at("applications", application) } : { text };
}
