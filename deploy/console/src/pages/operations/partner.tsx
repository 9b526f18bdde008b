/** One partner: what is set, its secrets, its service numbers, and what was not accepted of it. */

import { get } from "../../api";
import { place, placeOf } from "../../documents";
import { Allowed } from "../../parts/allowed";
import { Ask } from "../../parts/ask";
import { byWhom } from "../../parts/by-whom";
import { channelName } from "../../parts/channel-name";
import { Facts } from "../../parts/facts";
import { duration, number, told } from "../../parts/figures";
import { Shown, useLoaded } from "../../parts/states";
import { Time } from "../../parts/time";
import { t } from "../../words";
import { Refusals } from "../refusals";
import { CHANNELS } from "../mailings/model";
import { change } from "./changes";
import { PartnerSecrets } from "./partner-secrets";
import { PartnerSettings } from "./partner-settings";
import { Switched, type Partner } from "./partners";
import { at } from "./place";
import { ServiceNumbers } from "./service-numbers";

export function PartnerPage({ id }: { id: string }) {
  const [loaded, again] = useLoaded(id, (signal) => get(place("/v1/partners/{partner_id}", { partner_id: id }), signal));
  return (
    <>
      <p><a href={at("partners")}>{t("partners.back")}</a></p>
      <Shown loaded={loaded} again={again}>
        {(partner) => (
          <>
            <About partner={partner} again={again} />
            <PartnerSecrets partner={partner} again={again} />
            <ServiceNumbers partnerId={id} />
            <Refusals partner={id} />
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
          [t("partners.utcOffset"), number(partner.utcOffsetMin)],
          [t("partners.horizon"), number(partner.planningHorizonDays)],
          [t("partners.batchChannel"), channelName(partner.batchChannel)],
          [t("partners.rejectDuplicates"), t(partner.rejectDuplicates ? "setup.yes" : "setup.no")],
          [t("partners.linkShortener"), t(partner.linkShortener ? "setup.yes" : "setup.no")],
          [t("partners.lifetimesSet"), lifetimes(partner)],
          [t("setup.changed"), <><Time at={partner.changedAt} />{partner.by && `, ${byWhom(partner.by)}`}</>],
        ]}
      />
      <Allowed scope="operator">
        <div class="row">
          <PartnerSettings partner={partner} again={again} />
          <Ask
            label={t(partner.enabled ? "setup.switchOff" : "setup.switchOn")}
            title={told(partner.enabled ? "partners.offTitle" : "partners.onTitle", { partner: partner.partnerId })}
            text={t(partner.enabled ? "partners.offText" : "partners.onText")}
            isDangerous={partner.enabled}
            run={() => change("patch", placeOf("patch", "/v1/partners/{partner_id}", { partner_id: partner.partnerId }), { enabled: !partner.enabled }, partner.version)}
            done={again}
          />
        </div>
      </Allowed>
    </section>
  );
}

/** By channel, what a message that says nothing lives, and the unit of one that says none. */
function lifetimes({ defaultTtlS, defaultTtlUnit }: Partner): string {
  const named = CHANNELS.filter((name) => defaultTtlS[name] !== undefined || defaultTtlUnit[name] !== undefined);
  return named.map((name) => {
    const seconds = defaultTtlS[name];
    const unit = defaultTtlUnit[name];
    return `${channelName(name)}: ${[seconds === undefined ? "" : duration(seconds * 1000), unit ? t(`mailings.unit.${unit}`) : ""].filter(Boolean).join(", ")}`;
  }).join("; ");
}
