import { lazy } from "react";
import type { Session } from "../../lib/session";
import { Missing } from "../../parts/Missing";

const Policy = lazy(() => import("./Policy"));

export default function Settings({ part, session }: { part?: string; session: Session }) {
  return part === "policy" ? <Policy session={session} /> : <Missing />;
}
