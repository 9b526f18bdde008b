/** The service numbers of a partner: which application each sends to. */

import { get } from "../../api";
import { place, placeOf, type Schemas } from "../../documents";
import { Allowed } from "../../parts/allowed";
import { Ask } from "../../parts/ask";
import { byWhom } from "../../parts/by-whom";
import { told } from "../../parts/figures";
import { formHere, useKept } from "../../parts/kept-form";
import { Empty, Shown, useLoaded } from "../../parts/states";
import { Table } from "../../parts/table";
import { Time } from "../../parts/time";
import { t } from "../../words";
import { change } from "./changes";
import { Switched } from "./partners";
import { at } from "./place";

type ServiceNumber = Schemas["SenderView"];

export function ServiceNumbers({ partnerId }: { partnerId: string }) {
  const [loaded, again] = useLoaded(partnerId, (signal) => get(place("/v1/partners/{partner_id}/senders", { partner_id: partnerId }), signal));
  return (
    <section class="card">
      <div class="row between">
        <h2>{t("numbers.title")}</h2>
        <Allowed scope="operator"><Put partnerId={partnerId} done={again} /></Allowed>
      </div>
      <Shown loaded={loaded} again={again}>
        {(numbers) => numbers.length === 0 ? <Empty>{t("numbers.none")}</Empty> : (
          <Table
            label={t("numbers.title")}
            rows={numbers}
            id={(number) => number.serviceNumber}
            columns={[
              { title: t("numbers.number"), cell: (number) => number.serviceNumber },
              { title: t("numbers.application"), cell: (number) => number.applicationId ? <a href={at("applications", number.applicationId)}>{number.applicationId}</a> : "—" },
              { title: t("setup.state"), cell: (number) => <Switched isOn={number.enabled} /> },
              { title: t("setup.changed"), cell: (number) => <Time at={number.changedAt} /> },
              { title: t("setup.by"), cell: (number) => byWhom(number.by) || "—" },
              { title: t("setup.actions"), cell: (number) => <Allowed scope="operator"><Switch number={number} done={again} /></Allowed> },
            ]}
          />
        )}
      </Shown>
    </section>
  );
}

function put(number: Pick<ServiceNumber, "partnerId" | "serviceNumber" | "applicationId" | "enabled">, version?: string) {
  const { partnerId, serviceNumber, applicationId, enabled } = number;
  const about = { partner_id: partnerId, service_number: serviceNumber };
  return change("put", placeOf("put", "/v1/partners/{partner_id}/senders/{service_number}", about), { applicationId, enabled }, version);
}

function Switch({ number, done }: { number: ServiceNumber; done: () => void }) {
  return (
    <Ask
      label={t(number.enabled ? "setup.switchOff" : "setup.switchOn")}
      title={told(number.enabled ? "numbers.offTitle" : "numbers.onTitle", { number: number.serviceNumber })}
      text={t(number.enabled ? "numbers.offText" : "numbers.onText")}
      isDangerous={number.enabled}
      run={() => put({ ...number, enabled: !number.enabled }, number.version)}
      done={done}
    />
  );
}

function Put({ partnerId, done }: { partnerId: string; done: () => void }) {
  const [serviceNumber, setNumber] = useKept(formHere("number"), "");
  const [applicationId, setApplication] = useKept(formHere("number", "application"), "");
  const added = () => {
    setNumber("");
    setApplication("");
    done();
  };
  return (
    <Ask
      label={t("numbers.add")}
      title={told("numbers.addTitle", { partner: partnerId })}
      text={t("numbers.addText")}
      confirm={t("setup.save")}
      run={() => put({ partnerId, serviceNumber: serviceNumber.trim(), applicationId: applicationId || null, enabled: true })}
      done={added}
    >
      <label for="service-number">{t("numbers.number")}</label>
      <input id="service-number" required maxLength={64} value={serviceNumber} onInput={(event) => setNumber(event.currentTarget.value)} />
      <Choice id="number-application" value={applicationId} choose={setApplication} />
    </Ask>
  );
}

function Choice({ id, value, choose }: { id: string; value: string; choose: (applicationId: string) => void }) {
  const [loaded, again] = useLoaded("applications", (signal) => get(place("/v1/applications"), signal));
  return (
    <Shown loaded={loaded} again={again}>
      {(applications) => (
        <>
          <label for={id}>{t("numbers.application")}</label>
          <select id={id} value={value} onChange={(event) => choose(event.currentTarget.value)}>
            <option value="">{t("numbers.noApplication")}</option>
            {applications.map(({ applicationId, name }) => <option key={applicationId} value={applicationId}>{applicationId} ({name})</option>)}
          </select>
        </>
      )}
    </Shown>
  );
}
