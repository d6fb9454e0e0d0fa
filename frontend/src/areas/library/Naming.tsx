import { lazy, Suspense } from "react";
import { loader } from "../../lib/load";
import { useAskedName } from "./naming";

const NameDialog = lazy(loader(() => import("./NameDialog")));

/** The place of the dialog in which a video is given another title. */
export function Naming() {
  const id = useAskedName();
  return id ? <Suspense fallback={null}><NameDialog key={id} id={id} /></Suspense> : null;
}
