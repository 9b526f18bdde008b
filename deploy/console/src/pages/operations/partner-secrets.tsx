/** What a partner proves itself with, and what its reports are signed with: drawn anew, and told once. */

import { useState } from "preact/hooks";
import { placeOf, type Schemas } from "../../documents";
import { Allowed } from "../../parts/allowed";
import { Ask } from "../../parts/ask";
import { Facts } from "../../parts/facts";
import { lowered, told } from "../../parts/figures";
import { Secret } from "../../parts/secret";
import { t, type Key } from "../../words";
import { change, type Told } from "./changes";
import type { Partner } from "./partners";

/** What is known of them, to operators and to the partner itself. */
export type Kept = Pick<Partner, "partnerId" | "version" | "apiKeys" | "reportKeys" | "batchKeys" | "signsReports">;

interface Kind {
  name: "password" | "api-key" | "report-key" | "batch-key";
  title: Key;
  /** What becomes of the one before. */
  before: Key;
  label: Key;
}

const KINDS: readonly Kind[] = [
  { name: "password", title: "partners.password", before: "partners.passwordBefore", label: "partners.newPassword" },
  { name: "api-key", title: "partners.apiKey", before: "partners.keyBefore", label: "partners.newApiKey" },
  { name: "report-key", title: "partners.reportKey", before: "partners.reportKeyBefore", label: "partners.newReportKey" },
  { name: "batch-key", title: "partners.batchKey", before: "partners.keyBefore", label: "partners.newBatchKey" },
];

/** Of a partner who sees to its own, or of any; only operators draw passwords. */
export function PartnerSecrets({ partner, again, isOwn = false }: { partner: Kept; again: () => void; isOwn?: boolean }) {
  const [shown, show] = useState<Told | null>(null);
  const closed = () => {
    show(null);
    again(); // not before: it would take the secret away
  };
  const values = { partner: partner.partnerId };
  const kinds = KINDS.filter((kind) => !isOwn || kind.name !== "password");
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
              key={kind.name}
              label={t(kind.label)}
              title={told("partners.rotateTitle", { ...values, what: lowered(t(kind.title)) })}
              text={t(kind.before)}
              isDangerous={kind.name === "password"}
              run={() => drawn(kind, partner, isOwn)}
              done={(secrets) => show({ title: `${t(kind.title)}: ${partner.partnerId}`, values: secrets })}
            />
          ))}
          {partner.reportKeys > 1 && (
            <Ask label={t("partners.dropReportKey")} title={told("partners.dropReportKeyTitle", values)} text={t("partners.dropReportKeyText")} isDangerous run={() => ended("report-key/old", partner, isOwn)} done={again} />
          )}
          {partner.apiKeys > 0 && (
            <Ask label={t("partners.withdraw")} title={told("partners.withdrawTitle", values)} text={t("partners.withdrawText")} isDangerous run={() => ended("api-key", partner, isOwn)} done={again} />
          )}
        </div>
      </Allowed>
      {shown && <Secret {...shown} close={closed} />}
    </section>
  );
}

/** What was drawn, by name. */
async function drawn({ name, title }: Kind, { partnerId, version }: Kept, isOwn: boolean): Promise<Told["values"]> {
  const about = { partner_id: partnerId };
  if (name === "password") {
    const { password } = await change("post", placeOf("post", "/v1/partners/{partner_id}/password", about), {}, version);
    return [[t(title), password ?? ""]];
  }
  const answer: Schemas["SecretView"] & Partial<Schemas["ReportKeyView"]> = isOwn
    ? await change("post", placeOf("post", `/v1/me/${name}`), undefined, version)
    : await change("post", placeOf("post", `/v1/partners/{partner_id}/${name}`, about), undefined, version);
  const shown: Told["values"] = [[t(title), answer.key]];
  return answer.webhookSecret ? [...shown, [t("partners.webhookSecret"), answer.webhookSecret]] : shown;
}

/** Ends keys: of reports the one before, of logins each. */
function ended(name: "report-key/old" | "api-key", { partnerId, version }: Kept, isOwn: boolean) {
  return isOwn
    ? change("delete", placeOf("delete", `/v1/me/${name}`), undefined, version)
    : change("delete", placeOf("delete", `/v1/partners/{partner_id}/${name}`, { partner_id: partnerId }), undefined, version);
}
