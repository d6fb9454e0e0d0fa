import { lazy, Suspense } from "react";
import { Route, Switch } from "wouter";
import { Waiting } from "./parts/Waiting";
import { Room } from "./parts/Room";
import { loader } from "./lib/load";
import { useSession, useStanding } from "./lib/session";

/** Each loaded only where it is shown. */
const Docs = lazy(loader(() => import("./docs/Docs")));
const SignIn = lazy(loader(() => import("./areas/account/SignIn")));
const Join = lazy(loader(() => import("./areas/account/Join")));
const Lost = lazy(loader(() => import("./areas/account/Lost")));
const Reset = lazy(loader(() => import("./areas/account/Reset")));

/** What stands in place of the library while nobody is signed in. */
const without = { known: <SignIn />, asking: <Waiting whole />, lost: <Lost /> };

export function App() {
  const session = useSession();
  const standing = useStanding();
  return (
    <Suspense fallback={<Waiting whole />}>
      <Switch>
        <Route path="/docs"><Docs /></Route>
        <Route path="/join"><Join /></Route>
        <Route path="/reset"><Reset /></Route>
        <Route>{session ? <Room key={`${session.organization}\n${session.userId}`} session={session} /> : without[standing]}</Route>
      </Switch>
    </Suspense>
  );
}
