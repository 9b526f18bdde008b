/** What an operator who signed in may do with the own session: change the password, sign out. It goes on while somebody is here. */

import { useEffect, useState } from "preact/hooks";
import { ApiError, get, send } from "../api";
import { place, placeOf } from "../documents";
import { hasPassword, isByCookie, isSignedIn, signOut, signedInByCookie, userName } from "../session";
import { t } from "../words";
import { Edit } from "./edit";
import { TextField } from "./field";
import { NewPassword, chosen } from "./new-password";

const EVERY_MS = 5 * 60_000;
const LOOK_EVERY_MS = 60_000;

export function OwnSession() {
  const [refused, refuse] = useState<unknown>(null);
  useRenewal();
  useEnd();
  const left = async () => {
    refuse(null);
    try {
      if (isByCookie()) await send("delete", placeOf("delete", "/v1/session"), undefined);
      signOut();
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 401) refuse(error); // who has been signed out is out
    }
  };
  if (!isSignedIn()) return null;
  return (
    <>
      {hasPassword() && (
        <Edit
          label={t("password.change")}
          title={t("password.title")}
          text={t("password.text")}
          secrets={["password", "fresh"]}
          values={{ password: "", fresh: { password: "", again: "" } }}
          run={({ password, fresh }) => Promise.resolve().then(() => send("post", placeOf("post", "/v1/session/password"), { password, newPassword: chosen(fresh) }))}
          done={signedInByCookie}
          fields={({ values, set, about }) => (
            <>
              <TextField {...about("password", t("password.now"))} value={values.password} changed={(password) => set({ password })} more={{ type: "password", autocomplete: "current-password" }} />
              <NewPassword value={values.fresh} changed={(fresh) => set({ fresh })} fault={about("newPassword", "").fault} />
            </>
          )}
        />
      )}
      <button type="button" class="link" onClick={left}>{t("app.signOut")}</button>
      {refused !== null && <span class="failure" role="alert">{t("app.notSignedOut")}</span>}
    </>
  );
}

/** While somebody presses and types, the session is renewed; what pages load by themselves does not count. */
function useRenewal(): void {
  useEffect(() => {
    let last = 0; // the page may have been loaded anew just before the session ends
    const used = () => {
      if (!isByCookie() || Date.now() - last < EVERY_MS) return;
      last = Date.now();
      send("post", placeOf("post", "/v1/session/renewal"), undefined).catch(() => undefined); // the next press tries again; what it was for says so itself
    };
    addEventListener("pointerdown", used);
    addEventListener("keydown", used);
    return () => {
      removeEventListener("pointerdown", used);
      removeEventListener("keydown", used);
    };
  }, []);
}

/** A page that asks for nothing by itself must not stay, with what it shows of people, after the session has ended; nor
    where somebody else has signed in meanwhile, in another tab: what is pressed here would be done in that name. */
function useEnd(): void {
  useEffect(() => {
    const look = async () => {
      if (!isByCookie() || document.hidden) return;
      const { session } = await get(place("/v1/session"));
      if (!isByCookie()) return;
      if (session === null) signOut(true);
      else if (session.name !== userName()) location.reload();
    };
    const looked = () => void look().catch(() => undefined); // the platform is away: it is looked again
    const timer = setInterval(looked, LOOK_EVERY_MS);
    document.addEventListener("visibilitychange", looked);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", looked);
    };
  }, []);
}
