import { createLibraryStore, ReelroomProvider } from "@reelroom/react";
import { lazy, Suspense, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { Route, Switch } from "wouter";
import { loader } from "../lib/load";
import { currentSession, freshToken, isAdmin, mayEdit, renew, signOut, type Session } from "../lib/session";
import { Messages as Store } from "../lib/messages";
import { DropCover } from "../areas/uploads/DropCover";
import { Uploads } from "../areas/uploads/Uploads";
import { uploads } from "../areas/uploads/uploads";
import { Header } from "./Header";
import { Lost } from "./Lost";
import { Messages } from "./Messages";
import { Missing } from "./Missing";
import { Waiting } from "./Waiting";
import { Library } from "../areas/library/Library";
import { Naming } from "../areas/library/Naming";

const Video = lazy(loader(() => import("../areas/video/Video")));
const Console = lazy(loader(() => import("../areas/console/Console")));
const Settings = lazy(loader(() => import("../areas/settings/Settings")));

/** The signed-in page: one store for one person, whose token may change. */
export function Room({ session }: { session: Session }) {
  const { t } = useTranslation();
  const [store] = useState(() => createLibraryStore({ token: freshToken }));
  const [messages] = useState(() => new Store(`${session.organization}\n${session.userId}`));
  const editor = mayEdit(session);

  useEffect(() => {
    uploads.accepted = store.put;
    return () => {
      uploads.accepted = () => {};
      uploads.clear(); // they were this person's
    };
  }, [store]);

  // A token the server no longer takes ends the session, once it is known for sure; an account may be given another.
  useEffect(
    () =>
      store.subscribe(() => {
        const { state, error } = store.getConnection();
        if (state !== "refused" || !error) return;
        // A connection that the server closed may mean another role, or none: the answer tells.
        if (currentSession()?.account && !["rate_limited", "unavailable"].includes(error.code)) return void renew();
        if (!error.code.startsWith("token_")) return;
        signOut(({ token_expired: "ended", token_revoked: "taken" } as Record<string, string>)[error.code] ?? "refused");
      }),
    [store],
  );

  return (
    <ReelroomProvider value={store}>
      <a className="skip" href="#main">{t("skip")}</a>
      <Header session={session} editor={editor} />
      <Lost />
      <Messages store={messages} session={session} />
      <main className="wrap main" id="main" tabIndex={-1}>
        <Suspense fallback={<Waiting />}>
          <Switch>
            <Route path="/"><Library editor={editor} /></Route>
            <Route path="/videos/:id">{({ id }) => <Video key={id} id={decoded(id)} session={session} />}</Route>
            {isAdmin(session) && <Route path="/console/:part?">{({ part }) => <Console part={part} />}</Route>}
            <Route path="/settings/:part?">{({ part }) => <Settings part={part} session={session} />}</Route>
            <Route><Missing /></Route>
          </Switch>
        </Suspense>
      </main>
      {editor && <Naming />}
      <Uploads session={session} editor={editor} />
      {editor && <DropCover />}
    </ReelroomProvider>
  );
}

/** A part of the address as text; one with a lone "%" is taken as it stands. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
