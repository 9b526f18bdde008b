/** The devices of a customer: what forbids pushes there, and what is subscribed to. */

import { useState } from "preact/hooks";
import { ApiError, get } from "../api";
import { place, type Answer, type Schemas } from "../documents";
import { Badge } from "../parts/badge";
import { told } from "../parts/figures";
import { Empty, Shown, useLoaded } from "../parts/states";
import { Table } from "../parts/table";
import { Time } from "../parts/time";
import { isPortal } from "../session";
import { t } from "../words";
import { Advice } from "./support-advice";
import { shortDevice, systemName } from "./support-names";

type Installation = Answer<"/v1/installations">["installations"][number];
type Whose = { phone?: string | null; user?: string | null };

/** Of a customer, by whom was searched for. */
export function Devices({ query }: { query: Whose }) {
  const at = place("/v1/installations", { ...query, masked: isPortal ? null : true });
  const [strange, setStrange] = useState<readonly string[]>([]);
  const [broken, setBroken] = useState<readonly string[]>([]);
  const load = async (signal: AbortSignal) => {
    const { installations, gaveWay, unread, damaged } = await get(at, signal);
    setStrange(unread ?? []);
    setBroken(damaged ?? []);
    return [...installations, ...gaveWay];
  };
  return (
    <>
      <Card title={t("support.devices")} hint={isPortal ? undefined : t("support.recorded")} at={at} load={load} />
      {strange.length > 0 && <p class="notice" role="status">{told("support.unreadDevices", { ids: strange.map(shortDevice).join(", ") })}</p>}
      {broken.length > 0 && <p class="notice" role="status">{told("support.damagedDevices", { ids: broken.map(shortDevice).join(", ") })}</p>}
    </>
  );
}

/** Those that a message was for, by their ids: whose they are is not asked, so nothing is shown of anybody. */
export function DevicesOfMessage({ message: { messageId, links } }: { message: Schemas["MessageView"] }) {
  const ids = [...new Set(links.flatMap(({ deliveries, skipped }) => [...deliveries, ...skipped].map(({ installationId }) => installationId)))].filter((id) => UUID.test(id));
  if (ids.length === 0) return null;
  const load = async (signal: AbortSignal) => {
    const found = await Promise.all(ids.map((id) => unlessGone(get(place("/v1/installations/{installation_id}", { installation_id: id }, { masked: isPortal ? null : true }), signal))));
    return found.filter((device): device is Installation => device !== null);
  };
  return <Card title={t("support.devicesOfMessage")} hint={undefined} at={`${messageId}/devices/${ids.length}`} load={load} />;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Null where it is no longer known: it was forgotten. */
async function unlessGone(asking: Promise<Installation>): Promise<Installation | null> {
  try {
    return await asking;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null;
    throw error;
  }
}

interface Asked {
  title: string;
  hint: string | undefined;
  at: string;
  load: (signal: AbortSignal) => Promise<Installation[]>;
}

function Card(asked: Asked) {
  const [isAsked, ask] = useState(false);
  return (
    <section class="card" aria-live="polite">
      <h2>{asked.title}</h2>
      {isAsked ? <Found {...asked} /> : <button type="button" title={asked.hint} onClick={() => ask(true)}>{t("support.reveal")}</button>}
    </section>
  );
}

function Found({ title, at, load }: Asked) {
  const [loaded, again] = useLoaded(at, load);
  return (
    <Shown loaded={loaded} again={again}>
      {(devices) =>
        devices.length === 0 ? (
          <Empty>{t("support.noDevices")}</Empty>
        ) : (
          <Table
            label={title}
            rows={devices}
            id={(device) => device.installationId}
            columns={[
              { title: t("support.device"), cell: named },
              { title: t("support.pushes"), cell: pushes },
              { title: t("support.application"), cell: (device) => [device.applicationId, device.appVersion].filter(Boolean).join(" ") },
              { title: t("support.subscriptions"), cell: subscriptions },
              { title: t("support.lastUsed"), cell: (device) => <Time at={device.lastUsedAt} /> },
            ]}
          />
        )
      }
    </Shown>
  );
}

/** Its id, and why no app speaks for it: an import has made it, or it gave way to another one of the device. */
function named(device: Installation) {
  return (
    <>
      <strong>{device.model || systemName(device.platform, "")}</strong>
      {device.model && <div>{systemName(device.platform, device.osVersion)}</div>}
      <div class="quiet" title={device.installationId}>{t("support.device")} {shortDevice(device.installationId)}</div>
      {device.replacedBy !== null && <div>{t("support.gaveWay")} {device.replacedBy}</div>}
      {device.replacedBy === null && device.imported && <div>{t("support.imported")}</div>}
    </>
  );
}

/** Whether any can come, and if none: why, since when, and what the customer can do. */
function pushes(device: Installation) {
  const none = device.noPushes;
  if (none === null) return <><Badge state={t("support.pushesCome")} kind="good" /> {device.token?.provider}</>;
  const isOfImport = device.forbiddenByImport.some((name) => name === "pushEnabled" || name === "pushOsEnabled");
  return (
    <>
      <Badge state={t("support.pushesDoNot")} kind="bad" raw={none.name} />
      {none.at !== null && <> {t("support.since")} <Time at={none.at} /></>}
      {isOfImport && <div class="quiet">{t("support.byImport")}</div>}
      <Advice reason={none} />
    </>
  );
}

function subscriptions(device: Installation) {
  if (device.subscriptions.length === 0) return "—";
  return device.subscriptions.map(({ id, value }) => <div key={id}>{value ? "✓" : "✗"} {id}</div>);
}
