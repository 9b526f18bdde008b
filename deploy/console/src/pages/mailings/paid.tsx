/** What a mailing costs at most: messages and SMS, and their sum by the prices that the operator types here. */

import { useState } from "preact/hooks";
import { TextField } from "../../parts/field";
import { number, told } from "../../parts/figures";
import { Table } from "../../parts/table";
import { language, t } from "../../words";
import { channelName } from "../../parts/channel-name";
import { costOf, isWhole, keepPrices, keptPrices, priceOf, written, type Prices } from "./cost";
import type { Forecast } from "./model";

/** "At most": nobody knows yet whom the pushes reach. */
export function PaidMessages({ paid }: { paid: Forecast["paid"] }) {
  if (paid.length === 0) return <dl><dt>{t("mailings.paid")}</dt><dd>{t("mailings.paidNothing")}</dd></dl>;
  return (
    <>
      <h3>{t("mailings.paid")}</h3>
      <p class="quiet">{t("mailings.paidHint")}</p>
      <Table
        label={t("mailings.paid")}
        rows={paid}
        id={({ channel }) => channel}
        columns={[
          { title: t("mailings.channel"), cell: ({ channel }) => channelName(channel) },
          { title: t("mailings.paidMessages"), cell: ({ messages }) => number(messages) },
          { title: t("mailings.paidParts"), cell: ({ parts }) => (parts === null ? "—" : number(parts)) },
        ]}
      />
      <Cost paid={paid} />
    </>
  );
}

function Cost({ paid }: { paid: Forecast["paid"] }) {
  const [prices, setPrices] = useState(keptPrices);
  const change = (changed: Prices) => {
    keepPrices(changed);
    setPrices(changed);
  };
  const sum = costOf(paid, prices.typed);
  return (
    <>
      <p class="quiet" id="cost-hint">{t("mailings.costHint")}</p>
      {paid.map(({ channel, parts }) => {
        const typed = prices.typed[channel] ?? "";
        return (
          <TextField
            key={channel}
            id={`price-${channel}`}
            label={told(parts === null ? "mailings.pricePerMessage" : "mailings.pricePerPart", { channel: channelName(channel) })}
            fault={typed.trim() && priceOf(typed) === null ? t("mailings.noPrice") : undefined}
            value={typed}
            changed={(price) => change({ ...prices, typed: { ...prices.typed, [channel]: price } })}
            more={{ inputMode: "decimal", autoComplete: "off", maxLength: 20 }}
          />
        );
      })}
      <TextField id="price-currency" label={t("mailings.currency")} value={prices.currency} changed={(currency) => change({ ...prices, currency })} more={{ autoComplete: "off", maxLength: 20 }} />
      {sum !== null && (
        <p role="status" id="cost-sum">
          <strong>{told("mailings.costAtMost", { sum: [written(sum, language()), prices.currency.trim()].filter(Boolean).join(" ") })}</strong>
          {!isWhole(paid, prices.typed) && <span class="quiet"> {t("mailings.costInPart")}</span>}
        </p>
      )}
    </>
  );
}
