import { createLibraryStore, ReelroomProvider } from "@reelroom/react";
import { Stack } from "@mantine/core";
import { useEffect, useMemo, useState } from "react";
import type { Session } from "../lib/session";
import { mayEdit, signOut } from "../lib/session";
import { uploads } from "../lib/uploads";
import { Details } from "./Details";
import { DropCover } from "./DropCover";
import { Header } from "./Header";
import { Library } from "./Library";
import { Uploads } from "./Uploads";

/** The signed-in page: one store for one token. */
export function Room({ session }: { session: Session }) {
  const store = useMemo(() => createLibraryStore({ token: session.token }), [session.token]);
  const [shown, setShown] = useState<string | null>(null);
  const editor = mayEdit(session);

  useEffect(() => {
    uploads.accepted = store.put;
    return () => {
      uploads.accepted = () => {};
    };
  }, [store]);

  // A token the server no longer takes ends the session, once it is known for sure.
  useEffect(
    () =>
      store.subscribe(() => {
        const { state, error } = store.getConnection();
        if (state !== "refused" || !error?.code.startsWith("token_")) return;
        uploads.clear();
        signOut(error.code === "token_expired" ? "Your session has ended. Please sign in again." : "The server did not accept this token.");
      }),
    [store],
  );

  return (
    <ReelroomProvider value={store}>
      <a className="skip" href="#library">Skip to the library</a>
      <Header session={session} editor={editor} />
      <main className="wrap" id="library" tabIndex={-1}>
        <Stack gap="lg" py="lg">
          <Uploads />
          <Library editor={editor} onOpen={setShown} />
        </Stack>
      </main>
      {editor && <DropCover />}
      <Details id={shown} editor={editor} onClose={() => setShown(null)} />
    </ReelroomProvider>
  );
}
