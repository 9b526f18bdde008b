/** The partners; `rest` is one of them. */

import { useState } from "preact/hooks";
import { request } from "../../api";
import { Ask } from "../../parts/ask";
import { Badge } from "../../parts/badge";
import { told } from "../../parts/figures";
import { Secret } from "../../parts/secret";
import { useLoaded } from "../../parts/states";
import { t } from "../../words";
import { change, type Told } from "./changes";
import { Listing } from "./listing";
import { PartnerPage } from "./partner";
import { at } from "./place";

export interface Partner {
  partnerId: string;
  version: string;
  changedAt: number;
  by: string;
  login: string;
  password: string | null;
  subnets: string[];
  reportUrl: string | null;
  signsReports: boolean;
  reportKeys: number;
  defaultSender: string | null;
  maxConnections: number;
  maxRatePerS: number;
  linkShortener: boolean;
  batchKeys: number;
  apiKeys: number;
  enabled: boolean;
}

export function Partners({ rest: [id] }: { rest: string[] }) {
  return id ? <PartnerPage id={id} /> : <Listed />;
}

export function Switched({ isOn }: { isOn: boolean }) {
  return <Badge state={t(isOn ? "setup.on" : "setup.off")} kind={isOn ? "good" : "bad"} />;
}

function Listed() {
  const [loaded, again] = useLoaded("partners", (signal) => request<Partner[]>("/v1/partners", { signal }));
  return (
    <Listing
      title={t("operations.partners")}
      none={t("partners.none")}
      loaded={loaded}
      again={again}
      id={(partner) => partner.partnerId}
      create={<Create done={again} />}
      columns={[
        { title: t("partners.partner"), cell: (partner) => <a href={at("partners", partner.partnerId)}>{partner.partnerId}</a> },
        { title: t("partners.login"), cell: (partner) => partner.login },
        { title: t("setup.state"), cell: (partner) => <Switched isOn={partner.enabled} /> },
        { title: t("partners.reportUrl"), cell: (partner) => partner.reportUrl ?? "—" },
      ]}
    />
  );
}

function Create({ done }: { done: () => void }) {
  const [login, setLogin] = useState("");
  const [reportUrl, setReportUrl] = useState("");
  const [shown, show] = useState<Told | null>(null);
  const created = (partner: Partner) => {
    show({ title: told("partners.created", { partner: partner.partnerId }), values: [[t("partners.login"), partner.login], [t("partners.password"), partner.password ?? ""]] });
    setLogin("");
    setReportUrl("");
    done();
  };
  return (
    <>
      <Ask
        label={t("partners.add")}
        title={t("partners.addTitle")}
        text={t("partners.addText")}
        run={() => change<Partner>("POST", "/v1/partners", { login: login.trim(), ...(reportUrl.trim() ? { reportUrl: reportUrl.trim() } : {}) })}
        done={created}
      >
        <label for="partner-login">{t("partners.login")}</label>
        <input id="partner-login" required maxLength={64} autocomplete="off" value={login} onInput={(event) => setLogin(event.currentTarget.value)} />
        <label for="partner-url">{t("partners.reportUrl")}</label>
        <input id="partner-url" type="url" value={reportUrl} onInput={(event) => setReportUrl(event.currentTarget.value)} />
      </Ask>
      {shown && <Secret {...shown} close={() => show(null)} />}
    </>
  );
}
