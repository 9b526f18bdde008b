/** What the platform holds of a partner; its keys and the address of its reports it sees to itself. */

import { get } from "../../api";
import { place, placeOf, type Schemas } from "../../documents";
import { Ask } from "../../parts/ask";
import { Facts } from "../../parts/facts";
import { number } from "../../parts/figures";
import { formHere, useKept } from "../../parts/kept-form";
import { Empty, Shown, useLoaded } from "../../parts/states";
import { Table } from "../../parts/table";
import { Time } from "../../parts/time";
import { ownSenders } from "../../session";
import { t } from "../../words";
import { change } from "../operations/changes";
import "../operations/operations.css";
import { PartnerSecrets } from "../operations/partner-secrets";

type Own = Schemas["OwnSettings"];
/** Which of them it was is not told to partners. */
const BY_OPERATOR = "operator";

export function OwnSettings() {
  const [loaded, again] = useLoaded("own", (signal) => get(place("/v1/me/settings"), signal));
  return (
    <>
      <h1>{t("portal.settings")}</h1>
      <Shown loaded={loaded} again={again}>
        {(own) => (
          <>
            <Reports own={own} again={again} />
            <PartnerSecrets partner={own} again={again} isOwn />
            <Account own={own} />
          </>
        )}
      </Shown>
    </>
  );
}

function Reports({ own, again }: { own: Own; again: () => void }) {
  const [address, setAddress] = useKept(formHere("report-url"), own.reportUrl ?? "");
  return (
    <section class="card">
      <h2>{t("portal.reports")}</h2>
      <Facts facts={[[t("partners.reportUrl"), own.reportUrl]]} />
      <p class="quiet">{t("portal.reportsHint")}</p>
      <Ask
        label={t("setup.change")}
        title={t("portal.moveReports")}
        text={t("portal.moveReportsText")}
        confirm={t("setup.save")}
        run={() => change("patch", placeOf("patch", "/v1/me/settings"), { reportUrl: address.trim() || null }, own.version)}
        done={again}
      >
        <label for="report-url">{t("partners.reportUrl")}</label>
        <input id="report-url" inputMode="url" autocomplete="off" placeholder="https://…" value={address} onInput={(event) => setAddress(event.currentTarget.value)} />
      </Ask>
    </section>
  );
}

function Account({ own }: { own: Own }) {
  const senders = ownSenders();
  return (
    <section class="card">
      <h2>{t("portal.account")}</h2>
      <Facts
        facts={[
          [t("portal.login"), own.login],
          [t("portal.id"), own.partnerId],
          [t("partners.defaultSender"), own.defaultSender],
          [t("portal.subnets"), own.subnets.join(", ") || t("partners.anywhere")],
          [t("portal.maxRate"), number(own.maxRatePerS)],
          [t("partners.maxConnections"), number(own.maxConnections)],
          [t("setup.changed"), <><Time at={own.changedAt} />{own.by && `, ${own.by === BY_OPERATOR ? t("portal.byOperator") : own.by}`}</>],
        ]}
      />
      <h3>{t("numbers.title")}</h3>
      {senders.length === 0 ? <Empty>{t("portal.noNumbers")}</Empty> : (
        <Table
          label={t("numbers.title")}
          rows={[...senders]}
          id={(sender) => sender.serviceNumber}
          columns={[
            { title: t("numbers.number"), cell: (sender) => sender.serviceNumber },
            { title: t("numbers.application"), cell: (sender) => sender.applicationId ?? "—" },
          ]}
        />
      )}
      <p class="quiet">{t("portal.accountHint")}</p>
    </section>
  );
}
