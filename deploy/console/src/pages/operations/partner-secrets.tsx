/** What a partner proves itself with, and what its reports are signed with: drawn anew, and told once. */

import { useState } from "preact/hooks";
import { Allowed } from "../../parts/allowed";
import { Ask } from "../../parts/ask";
import { Facts } from "../../parts/facts";
import { told } from "../../parts/figures";
import { Secret } from "../../parts/secret";
import { t, type Key } from "../../words";
import { change, pathTo, type Told } from "./changes";
import type { Partner } from "./partners";

/** What is known of them, to operators and to the partner itself. */
export type Kept = Pick<Partner, "partnerId" | "version" | "apiKeys" | "reportKeys" | "batchKeys" | "signsReports">;

interface Answer {
  key?: string;
  webhookSecret?: string;
  password?: string | null;
}

interface Kind {
  path: string;
  title: Key;
  /** What becomes of the one before. */
  before: Key;
  label: Key;
}

const KINDS: readonly Kind[] = [
  { path: "password", title: "partners.password", before: "partners.passwordBefore", label: "partners.newPassword" },
  { path: "api-key", title: "partners.apiKey", before: "partners.keyBefore", label: "partners.newApiKey" },
  { path: "report-key", title: "partners.reportKey", before: "partners.reportKeyBefore", label: "partners.newReportKey" },
  { path: "batch-key", title: "partners.batchKey", before: "partners.keyBefore", label: "partners.newBatchKey" },
];

/** Of a partner who sees to its own, or of any; only operators draw passwords. */
export function PartnerSecrets({ partner, again, isOwn = false }: { partner: Kept; again: () => void; isOwn?: boolean }) {
  const [shown, show] = useState<Told | null>(null);
  const closed = () => {
    show(null);
    again(); // not before: it would take the secret away
  };
  const values = { partner: partner.partnerId };
  const path = (...parts: string[]) => (isOwn ? pathTo("me", ...parts) : pathTo("partners", partner.partnerId, ...parts));
  const kinds = KINDS.filter((kind) => !isOwn || kind.path !== "password");
  return (
    <section class="card">
      <h2>{t("partners.secrets")}</h2>
      <Facts
        facts={[
          [t("partners.apiKeys"), partner.apiKeys],
          [t("partners.reportKeys"), partner.signsReports ? partner.reportKeys : t("partners.unsigned")],
          [t("partners.batchKeys"), partner.batchKeys],
        ]}
      />
      <Allowed scope="operator">
        <div class="row">
          {kinds.map((kind) => (
            <Ask
              key={kind.path}
              label={t(kind.label)}
              title={told("partners.rotateTitle", { ...values, what: t(kind.title) })}
              text={t(kind.before)}
              isDangerous={kind.path === "password"}
              run={() => change<Answer>("POST", path(kind.path), {}, partner.version)}
              done={(answer) => show({ title: `${t(kind.title)}: ${partner.partnerId}`, values: secretsOf(kind, answer) })}
            />
          ))}
          {partner.reportKeys > 1 && (
            <Ask label={t("partners.dropReportKey")} title={told("partners.dropReportKeyTitle", values)} text={t("partners.dropReportKeyText")} isDangerous run={() => change("DELETE", path("report-key", "old"), null, partner.version)} done={again} />
          )}
          {partner.apiKeys > 0 && (
            <Ask label={t("partners.withdraw")} title={told("partners.withdrawTitle", values)} text={t("partners.withdrawText")} isDangerous run={() => change("DELETE", path("api-key"), null, partner.version)} done={again} />
          )}
        </div>
      </Allowed>
      {shown && <Secret {...shown} close={closed} />}
    </section>
  );
}

function secretsOf(kind: Kind, answer: Answer): Told["values"] {
  const shown: Told["values"] = [[t(kind.title), answer.key ?? answer.password ?? ""]];
  return answer.webhookSecret ? [...shown, [t("partners.webhookSecret"), answer.webhookSecret]] : shown;
}
