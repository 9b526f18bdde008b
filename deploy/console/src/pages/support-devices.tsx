/** The devices of a customer: what forbids pushes there, and what is subscribed to. */

import { useState } from "preact/hooks";
import { get } from "../api";
import { place, type Answer } from "../documents";
import { Badge } from "../parts/badge";
import { Empty, Shown, useLoaded } from "../parts/states";
import { Table } from "../parts/table";
import { Time } from "../parts/time";
import { isPortal } from "../session";
import { t } from "../words";

type Installation = Answer<"/v1/installations">["installations"][number];
export type Whose = { phone?: string | null; user?: string | null };

/** `query` is null while nobody has asked whose they are; then `ask` is called. */
export function Devices({ query, isOpen = false, ask }: { query: Whose | null; isOpen?: boolean; ask?: () => void }) {
  const [isAsked, setAsked] = useState(isOpen);
  const asked = () => (query === null ? ask?.() : setAsked(true));
  return (
    <section class="card">
      <h2>{t("support.devices")}</h2>
      {isAsked && query !== null ? (
        <Found query={query} />
      ) : (
        <button type="button" title={isPortal ? undefined : t("support.recorded")} onClick={asked}>{t("support.reveal")}</button>
      )}
    </section>
  );
}

function Found({ query }: { query: Whose }) {
  const at = place("/v1/installations", { ...query, masked: isPortal ? null : true });
  const [loaded, again] = useLoaded(at, (signal) => get(at, signal));
  return (
    <Shown loaded={loaded} again={again}>
      {({ installations, gaveWay }) =>
        installations.length + gaveWay.length === 0 ? (
          <Empty>{t("support.noDevices")}</Empty>
        ) : (
          <Table
            label={t("support.devices")}
            rows={[...installations, ...gaveWay]}
            id={(device) => device.installationId}
            columns={[
              { title: t("support.device"), cell: named },
              { title: t("support.model"), cell: (device) => [device.platform, device.model, device.osVersion].filter(Boolean).join(" ") },
              { title: t("support.application"), cell: (device) => [device.applicationId, device.appVersion].filter(Boolean).join(" ") },
              { title: t("support.provider"), cell: (device) => device.token?.provider ?? "—" },
              { title: t("support.forbidden"), cell: forbidden },
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
      {device.installationId}
      {device.replacedBy !== null && <div>{t("support.gaveWay")} {device.replacedBy}</div>}
      {device.replacedBy === null && device.imported && <div>{t("support.imported")}</div>}
    </>
  );
}

function forbidden(device: Installation) {
  const imported = new Set(device.forbiddenByImport);
  if (!device.pushOsEnabled) return <Badge state={t(imported.has("pushOsEnabled") ? "support.byImport" : "support.bySystem")} kind="bad" />;
  if (!device.pushEnabled) return <Badge state={t(imported.has("pushEnabled") ? "support.byImport" : "support.byApplication")} kind="bad" />;
  return t("support.nothingForbids");
}

function subscriptions(device: Installation) {
  if (device.subscriptions.length === 0) return "—";
  return device.subscriptions.map(({ id, value }) => <div key={id}>{value ? "✓" : "✗"} {id}</div>);
}
