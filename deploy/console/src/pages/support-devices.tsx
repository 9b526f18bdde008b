/** The devices of a customer: what forbids pushes there, and what is subscribed to. */

import { useState } from "preact/hooks";
import { request, withQuery, type Query } from "../api";
import { Badge } from "../parts/badge";
import { Empty, Shown, useLoaded } from "../parts/states";
import { Table } from "../parts/table";
import { Time } from "../parts/time";
import { t } from "../words";

interface Installation {
  installationId: string;
  applicationId: string;
  platform: string | null;
  model: string;
  osVersion: string;
  appVersion: string;
  token: { provider: string } | null;
  pushEnabled: boolean;
  pushOsEnabled: boolean;
  subscriptions: { id: string; value: boolean }[];
  lastUsedAt: number;
}

interface Customer {
  installations: Installation[];
}

/** `query` is null while nobody has asked whose they are; then `ask` is called. */
export function Devices({ query, isOpen = false, ask }: { query: Query | null; isOpen?: boolean; ask?: () => void }) {
  const [isAsked, setAsked] = useState(isOpen);
  const asked = () => (query === null ? ask?.() : setAsked(true));
  return (
    <section class="card">
      <h2>{t("support.devices")}</h2>
      {isAsked && query !== null ? (
        <Found query={query} />
      ) : (
        <button type="button" title={t("support.recorded")} onClick={asked}>{t("support.reveal")}</button>
      )}
    </section>
  );
}

function Found({ query }: { query: Query }) {
  const path = withQuery("/v1/installations", { ...query, masked: true });
  const [loaded, again] = useLoaded(path, (signal) => request<Customer>(path, { signal }));
  return (
    <Shown loaded={loaded} again={again}>
      {({ installations }) =>
        installations.length === 0 ? (
          <Empty>{t("support.noDevices")}</Empty>
        ) : (
          <Table
            label={t("support.devices")}
            rows={installations}
            id={(device) => device.installationId}
            columns={[
              { title: t("support.device"), cell: (device) => device.installationId },
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

function forbidden(device: Installation) {
  if (!device.pushOsEnabled) return <Badge state={t("support.bySystem")} kind="bad" />;
  if (!device.pushEnabled) return <Badge state={t("support.byApplication")} kind="bad" />;
  return t("support.nothingForbids");
}

function subscriptions(device: Installation) {
  if (device.subscriptions.length === 0) return "—";
  return device.subscriptions.map(({ id, value }) => <div key={id}>{value ? "✓" : "✗"} {id}</div>);
}
