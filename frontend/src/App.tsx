import { Loader } from "@mantine/core";
import { lazy, Suspense } from "react";
import { Room } from "./parts/Room";
import { SignIn } from "./parts/SignIn";
import { useSession } from "./lib/session";

/** Loaded only where it is shown. */
const Docs = lazy(() => import("./docs/Docs"));

export function App() {
  const session = useSession();
  if (/^\/docs\/?$/.test(location.pathname)) {
    return <Suspense fallback={<div className="signIn"><Loader aria-label="Loading" /></div>}><Docs /></Suspense>;
  }
  return session ? <Room key={session.token} session={session} /> : <SignIn />;
}
