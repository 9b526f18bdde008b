/** Operations: what works, waits and is wrong, and what an operator changes. `rest` is the sub-page, and a thing there. */

import type { ComponentType } from "preact";
import { Tabs } from "../parts/tabs";
import { Empty } from "../parts/states";
import { t, type Key } from "../words";
import { holds, type Scope } from "../session";
import { Accounts } from "./operations/accounts";
import { Applications } from "./operations/applications";
import { DeadLetters } from "./operations/dead-letters";
import "./operations/operations.css";
import { Overview } from "./operations/overview";
import { Partners } from "./operations/partners";
import { at } from "./operations/place";
import { Resends } from "./operations/resends";
import { Stops } from "./operations/stops";

interface SubPage {
  name: string;
  title: Key;
  /** Which scope its routes need, beside the page's. */
  scope?: Scope;
  component: ComponentType<{ rest: string[] }>;
}

const SUB_PAGES: readonly SubPage[] = [
  { name: "overview", title: "operations.overview", component: Overview },
  { name: "stops", title: "operations.stops", component: Stops },
  { name: "dead-letters", title: "operations.deadLetters", component: DeadLetters },
  { name: "partners", title: "operations.partners", component: Partners },
  { name: "applications", title: "operations.applications", component: Applications },
  { name: "resends", title: "operations.resends", component: Resends },
  { name: "accounts", title: "operations.accounts", scope: "admin", component: Accounts },
];

export function Operations({ rest }: { rest: string }) {
  const [name = "", ...further] = rest.split("/");
  const page = SUB_PAGES.find((known) => known.name === (name || "overview"));
  return (
    <>
      <h1>{t("operations.title")}</h1>
      <Tabs
        label={t("operations.title")}
        tabs={SUB_PAGES.filter(({ scope }) => scope === undefined || holds(scope)).map((known) => ({ href: at(known.name), title: t(known.title), isCurrent: known === page }))}
      />
      {page ? <page.component key={rest} rest={further} /> : <Empty>{t("app.notFound")}</Empty>}
    </>
  );
}
