/** The partners; `rest` is one of them. */

import { useState } from "preact/hooks";
import { get } from "../../api";
import { place, placeOf, type Schemas } from "../../documents";
import { Badge } from "../../parts/badge";
import { Edit } from "../../parts/edit";
import { TextField } from "../../parts/field";
import { told } from "../../parts/figures";
import { Secret } from "../../parts/secret";
import { useLoaded } from "../../parts/states";
import { t } from "../../words";
import { change, type Told } from "./changes";
import { Listing } from "./listing";
import { PartnerPage } from "./partner";
import { at } from "./place";

export type Partner = Schemas["PartnerView"];

export function Partners({ rest: [id] }: { rest: string[] }) {
  return id ? <PartnerPage id={id} /> : <Listed />;
}

export function Switched({ isOn }: { isOn: boolean }) {
  return <Badge state={t(isOn ? "setup.on" : "setup.off")} kind={isOn ? "good" : "bad"} />;
}

function Listed() {
  const [loaded, again] = useLoaded("partners", (signal) => get(place("/v1/partners"), signal));
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
        { title: t("partners.reportUrl"), cell: (partner) => <span class="long">{partner.reportUrl ?? "—"}</span> },
      ]}
    />
  );
}

interface New {
  login: string;
  partnerId: string;
  reportUrl: string;
}

function Create({ done }: { done: () => void }) {
  const [shown, show] = useState<Told | null>(null);
  const created = (partner: Partner) => {
    show({ title: told("partners.created", { partner: partner.partnerId }), values: [[t("partners.login"), partner.login], [t("partners.password"), partner.password ?? ""]] });
    done();
  };
  const body = ({ login, partnerId, reportUrl }: New) => ({ login: login.trim(), partnerId: partnerId.trim() || undefined, reportUrl: reportUrl.trim() || undefined });
  return (
    <>
      <Edit<New, Partner>
        label={t("partners.add")}
        title={t("partners.addTitle")}
        text={t("partners.addText")}
        confirm={t("setup.create")}
        values={{ login: "", partnerId: "", reportUrl: "" }}
        run={(values) => change("post", placeOf("post", "/v1/partners"), body(values))}
        done={created}
        fields={({ values, set, about }) => (
          <>
            <TextField {...about("login", t("partners.login"))} value={values.login} changed={(login) => set({ login })} more={{ autocomplete: "off" }} />
            <TextField {...about("partnerId", t("partners.idOrLogin"))} value={values.partnerId} changed={(partnerId) => set({ partnerId })} more={{ autocomplete: "off" }} />
            <TextField {...about("reportUrl", t("partners.reportUrl"))} value={values.reportUrl} changed={(reportUrl) => set({ reportUrl })} more={{ type: "url", autocomplete: "off" }} />
          </>
        )}
      />
      {shown && <Secret {...shown} close={() => show(null)} />}
    </>
  );
}
