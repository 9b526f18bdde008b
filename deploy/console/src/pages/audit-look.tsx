/** What there is to a record of the audit trail beside its sentence: what was asked for, shown and changed, and the request itself. */

import { told } from "../parts/figures";
import { Time } from "../parts/time";
import { href } from "../router";
import { t } from "../words";
import type { Entry } from "./audit";

/** UTC ms of 2001 and later. */
const TIME = /^1\d{12}$/;

export function Details({ entry, filter }: { entry: Entry; filter: (message: string) => void }) {
  return (
    <details>
      <summary>{t("audit.details")}</summary>
      <dl>
        {entry.asked.map(({ name, title, value, words }) => <><dt key={name}>{title}</dt><dd>{TIME.test(value) ? <Time at={Number(value)} /> : words}</dd></>)}
        {entry.messages.length > 0 && (
          <>
            <dt>{told("audit.messages", { count: entry.messages.length })}</dt>
            <dd>
              {entry.messages.length === 1 ? t("audit.ofOne") : t("audit.ofEach")}
              {entry.messages.map((id) => (
                <div key={id}>
                  <a href={href("support", id)}>{id}</a> <button type="button" class="link" aria-label={told("audit.recordsOf", { id })} onClick={() => filter(id)}>{t("audit.records")}</button>
                </div>
              ))}
            </dd>
          </>
        )}
        {entry.subjects.length > 0 && <><dt>{t("audit.fingerprints")}</dt><dd>{entry.subjects.map((mark) => <div key={mark}>#{mark}</div>)}</dd></>}
        {entry.changes.map((change) => <Changed key={change.entity} change={change} />)}
        <dt>{t("audit.request")}</dt>
        <dd>{`${entry.method} ${entry.path || entry.route}`.trim() || "—"}</dd>
        {entry.whoId && <><dt>{t("audit.whoId")}</dt><dd>{entry.whoId}</dd></>}
        <dt>{t("audit.address")}</dt>
        <dd>{entry.address || "—"}</dd>
      </dl>
      {entry.isWide && <p class="quiet">{t("audit.wide")}</p>}
    </details>
  );
}

function Changed({ change }: { change: Entry["changes"][number] }) {
  const values = new Map(change.values.map((value) => [value.name, value]));
  const isTried = change.before === "" && change.after === ""; // an account that somebody failed to sign in to
  const kind = isTried ? "" : change.before === "" ? t("audit.made") : change.fields.length === 0 ? t("audit.same") : "";
  return (
    <>
      <dt>{change.entity}</dt>
      <dd>
        {kind && <div class="quiet">{kind}</div>}
        {change.fields.map((name, place) => (
          <div key={name}>
            {change.titles[place]}: {change.before !== "" && <>{shown(values.get(name)?.before)} → </>}{shown(values.get(name)?.after)}
          </div>
        ))}
      </dd>
    </>
  );
}

/** A value of the log: a switch in words, a moment in the reader's zone, anything else as it is. */
function shown(value: string | undefined) {
  if (!value) return "—";
  if (value === "true" || value === "false") return t(value === "true" ? "setup.yes" : "setup.no");
  return TIME.test(value) ? <Time at={Number(value)} /> : value;
}
