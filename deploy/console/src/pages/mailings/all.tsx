/** All mailings, the newest first; those on the first page are looked at again and again. */

import { useState } from "preact/hooks";
import { told } from "../../parts/figures";
import { useLive } from "../../parts/live";
import { Stale } from "../../parts/stale";
import { Empty, Failure, Loading } from "../../parts/states";
import { Table } from "../../parts/table";
import { Time } from "../../parts/time";
import { href } from "../../router";
import { holds } from "../../session";
import { t } from "../../words";
import { Bar, StateBadge } from "./progress";
import { found, type Mailing, type MailingsPage } from "./model";

const PAGE = 20;
const BUSY_S = 3;
const QUIET_S = 10;

export function All() {
  const live = useLive("mailings", (signal) => found(null, PAGE, signal), everyS);
  const [older, setOlder] = useState<MailingsPage>({ mailings: [], before: null });
  const newest = live.value?.mailings ?? [];
  const known = new Set(newest.map((mailing) => mailing.mailingId));
  const rows = [...newest, ...older.mailings.filter((mailing) => !known.has(mailing.mailingId))];
  const next = older.mailings.length ? older.before : (live.value?.before ?? null);
  return (
    <>
      <div class="row heading">
        <h1>{t("mailings.title")}</h1>
        {holds("operator") && <a class="button main" href={href("mailings", "new")}>{t("mailings.new")}</a>}
      </div>
      <Stale live={live} />
      {live.value === null && live.error === null && <Loading />}
      {live.value !== null && (
        <section class="card">
          {rows.length === 0 ? <Empty>{t("mailings.none")}</Empty> : <Rows rows={rows} />}
          {next !== null && <Older before={next} told={(page) => setOlder({ mailings: [...older.mailings, ...page.mailings], before: page.before })} />}
        </section>
      )}
    </>
  );
}

function everyS(page: { mailings: Mailing[] }): number {
  return page.mailings.some((mailing) => mailing.state === "running") ? BUSY_S : QUIET_S;
}

function Rows({ rows }: { rows: Mailing[] }) {
  return (
    <Table
      label={t("mailings.title")}
      rows={rows}
      id={(mailing) => mailing.mailingId}
      columns={[
        { title: t("mailings.state"), cell: (mailing) => <StateBadge state={mailing.state} /> },
        {
          title: t("mailings.name"),
          cell: (mailing) => (
            <div class="mailing-name">
              <a href={href("mailings", mailing.mailingId)}>{mailing.name}</a>
              <div class="quiet">{mailing.partnerId}</div>
            </div>
          ),
        },
        { title: t("mailings.hour"), cell: (mailing) => <Time at={hourOf(mailing)} /> },
        { title: t("mailings.progress"), cell: (mailing) => <Bar mailing={mailing} /> },
        { title: t("mailings.counts"), cell: counts },
      ]}
    />
  );
}

function hourOf(mailing: Mailing): number | null {
  return mailing.startAt ?? mailing.startedAt;
}

function counts(mailing: Mailing) {
  const { recipients, sent, delivered, read } = mailing.progress;
  if (mailing.state === "draft") return recipients === null ? t("mailings.segment") : told("mailings.recipientsAre", { count: recipients });
  return <span class="quiet">{told("mailings.countsAre", { sent, delivered, read })}</span>;
}

function Older({ before, told: take }: { before: string; told: (page: MailingsPage) => void }) {
  const [isAsking, setAsking] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const ask = async () => {
    setAsking(true);
    setError(null);
    try {
      take(await found(before, PAGE, new AbortController().signal));
    } catch (refused) {
      setError(refused);
    }
    setAsking(false);
  };
  if (error !== null) return <Failure error={error} retry={ask} />;
  return <button type="button" disabled={isAsking} onClick={ask}>{t("mailings.older")}</button>;
}
