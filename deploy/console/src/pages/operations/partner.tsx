/** One partner: what is set, its secrets, its service numbers. */

import { useState } from "preact/hooks";
import { request } from "../../api";
import { Allowed } from "../../parts/allowed";
import { Ask } from "../../parts/ask";
import { Facts } from "../../parts/facts";
import { number, told } from "../../parts/figures";
import { Shown, useLoaded } from "../../parts/states";
import { Time } from "../../parts/time";
import { t } from "../../words";
import { change, pathTo } from "./changes";
import { PartnerSecrets } from "./partner-secrets";
import { Switched, type Partner } from "./partners";
import { at } from "./place";
import { ServiceNumbers } from "./service-numbers";

export function PartnerPage({ id }: { id: string }) {
  const [loaded, again] = useLoaded(id, (signal) => request<Partner>(pathTo("partners", id), { signal }));
  return (
    <>
      <p><a href={at("partners")}>{t("partners.back")}</a></p>
      <Shown loaded={loaded} again={again}>
        {(partner) => (
          <>
            <About partner={partner} again={again} />
            <PartnerSecrets partner={partner} again={again} />
            <ServiceNumbers partnerId={id} />
          </>
        )}
      </Shown>
    </>
  );
}

function About({ partner, again }: { partner: Partner; again: () => void }) {
  return (
    <section class="card">
      <h2>{partner.partnerId} <Switched isOn={partner.enabled} /></h2>
      <Facts
        facts={[
          [t("partners.login"), partner.login],
          [t("partners.reportUrl"), partner.reportUrl],
          [t("partners.defaultSender"), partner.defaultSender],
          [t("partners.subnets"), partner.subnets.join(", ") || t("partners.anywhere")],
          [t("partners.maxRate"), number(partner.maxRatePerS)],
          [t("partners.maxConnections"), number(partner.maxConnections)],
          [t("setup.changed"), <><Time at={partner.changedAt} />{partner.by && `, ${partner.by}`}</>],
        ]}
      />
      <Allowed scope="operator">
        <div class="row">
          <Settings partner={partner} again={again} />
          <Ask
            label={t(partner.enabled ? "setup.switchOff" : "setup.switchOn")}
            title={told(partner.enabled ? "partners.offTitle" : "partners.onTitle", { partner: partner.partnerId })}
            text={t(partner.enabled ? "partners.offText" : "partners.onText")}
            isDangerous={partner.enabled}
            run={() => change("PATCH", pathTo("partners", partner.partnerId), { enabled: !partner.enabled }, partner.version)}
            done={again}
          />
        </div>
      </Allowed>
    </section>
  );
}

function Settings({ partner, again }: { partner: Partner; again: () => void }) {
  const [reportUrl, setReportUrl] = useState(partner.reportUrl ?? "");
  const [defaultSender, setDefaultSender] = useState(partner.defaultSender ?? "");
  const [subnets, setSubnets] = useState(partner.subnets.join(", "));
  const [maxRate, setMaxRate] = useState(String(partner.maxRatePerS));
  const body = () => ({
    reportUrl: reportUrl.trim() || null,
    defaultSender: defaultSender.trim() || null,
    subnets: subnets.split(/[\s,]+/).filter(Boolean),
    maxRatePerS: Number(maxRate),
  });
  return (
    <Ask
      label={t("setup.change")}
      title={told("setup.changeTitle", { what: partner.partnerId })}
      confirm={t("setup.save")}
      run={() => change("PATCH", pathTo("partners", partner.partnerId), body(), partner.version)}
      done={again}
    >
      <label for="report-url">{t("partners.reportUrl")}</label>
      <input id="report-url" type="url" value={reportUrl} onInput={(event) => setReportUrl(event.currentTarget.value)} />
      <label for="default-sender">{t("partners.defaultSender")}</label>
      <input id="default-sender" value={defaultSender} onInput={(event) => setDefaultSender(event.currentTarget.value)} />
      <label for="subnets">{t("partners.subnets")}</label>
      <input id="subnets" placeholder={t("partners.anywhere")} value={subnets} onInput={(event) => setSubnets(event.currentTarget.value)} />
      <label for="max-rate">{t("partners.maxRate")}</label>
      <input id="max-rate" type="number" min={1} max={1000000} required value={maxRate} onInput={(event) => setMaxRate(event.currentTarget.value)} />
    </Ask>
  );
}
