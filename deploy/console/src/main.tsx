/** The console: who is not signed in sees the sign-in, everybody else the menu and a page. */

import { render } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { PAGES, PAGES_OF_PARTNERS } from "./pages";
import { PartnerSignIn } from "./pages/partner/sign-in";
import { SignIn } from "./pages/sign-in";
import { OwnSession } from "./parts/own-session";
import { focusOn, keepFocus } from "./parts/kept-focus";
import { Empty, Loading } from "./parts/states";
import { Zone } from "./parts/time";
import { useTitle } from "./parts/title";
import { untilAnswered } from "./parts/until-answered";
import { SIGN_IN, go, href, usePlace } from "./router";
import { holds, isPortal, isSignedIn, onSession, signedInByCookie, userName } from "./session";
import { get } from "./api";
import { place } from "./documents";
import "./style.css";
import "./parts/parts.css";
import { language, setLanguage, t } from "./words";

const TITLE = isPortal ? "portal.title" : "app.title";

function Console() {
  const [, redraw] = useState(0);
  const here = usePlace();
  const { path, rest } = here.path === SIGN_IN ? { path: "", rest: "" } : here;
  const again = () => redraw((count) => count + 1);
  useEffect(() => onSession(again), []);
  useEffect(() => {
    if (isSignedIn() && here.path === SIGN_IN) go("");
  });
  const isAsking = useCookie();
  const all = isPortal ? PAGES_OF_PARTNERS : PAGES;
  const pages = all.filter((known) => holds(known.scope) && (known.isOffered?.() ?? true));
  const page = path === "" ? pages[0] : all.find((known) => known.path === path);
  useTitle(isSignedIn() ? (page ? t(page.title) : "") : t("signIn.title"), t(TITLE));
  useTop(`${path}/${rest}`);
  /** Everything is drawn anew and nothing is made anew: what is typed, chosen and found stays. */
  const switched = () => {
    setLanguage(language() === "ru" ? "en" : "ru");
    again();
  };
  return (
    <>
      <a class="skip" href="#content" onClick={skip}>{t("app.skip")}</a>
      <header>
        <strong>{t(TITLE)}</strong>
        <nav>
          {isSignedIn() &&
            pages.map((known) => (
              <a key={known.path} href={href(known.path)} aria-current={known === page ? "page" : undefined}>
                {t(known.title)}
              </a>
            ))}
        </nav>
        <button type="button" class="link" onClick={switched}>{t("app.language")}</button>
        {isSignedIn() && <Zone switched={again} />}
        {isSignedIn() && <span class="quiet">{userName()}</span>}
        <OwnSession />
      </header>
      <main id="content" tabIndex={-1}>
        {isAsking ? <Loading /> : !isSignedIn() ? isPortal ? <PartnerSignIn /> : <SignIn /> : page ? <page.component rest={rest} /> : <Empty>{t(path ? "app.notFound" : "app.nothingHeld")}</Empty>}
      </main>
    </>
  );
}

/** Another place begins at its top. The focus stays where it is, unless that is gone. */
function useTop(place: string): void {
  const last = useRef(place);
  useEffect(() => {
    if (last.current === place) return;
    last.current = place;
    scrollTo(0, 0);
    if (document.activeElement === document.body) focusOn(document.getElementById("content"));
  }, [place]);
}

/** Whether it is asked who has signed in with this browser, in another tab or before the page was loaded anew. */
function useCookie(): boolean {
  const [isAsking, ask] = useState(!isPortal && !isSignedIn());
  useEffect(() => {
    if (!isAsking) return;
    return untilAnswered(
      (signal) => get(place("/v1/session"), signal),
      ({ session }) => {
        if (session && !isSignedIn()) signedInByCookie(session);
        ask(false);
      },
      () => ask(false), // the platform is away: whoever signs in is told so
    );
  }, []);
  return isAsking;
}

function skip(event: Event): void {
  event.preventDefault(); // the address names the page
  document.getElementById("content")?.focus();
}

setLanguage(language());
render(<Console />, document.getElementById("console")!);
keepFocus(document.getElementById("console")!);
