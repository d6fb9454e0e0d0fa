import { useEvents } from "@reelroom/react";
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useEffect, useSyncExternalStore } from "react";
import { call } from "../../lib/api";
import { loader } from "../../lib/load";
import type { Session } from "../../lib/session";
import { uploads } from "./uploads";

const Tray = lazy(loader(() => import("./Tray")));

/** What the server knows of a file that is on its way. */
export interface Begun {
  id: string;
  /** What its sender called it, or "". */
  key: string;
  userId: string;
  fileName: string;
  title: string;
  received: number;
  size: number;
  status: "uploading" | "received" | "finished";
}

const none: readonly Begun[] = [];

/** The files that are on their way into the organization. Nothing of it is loaded while there are none. */
export function Uploads({ session, editor }: { session: Session; editor: boolean }) {
  const wanted = useSyncExternalStore(uploads.subscribe, uploads.isWanted);
  const owner = editor ? `${session.organization}\n${session.userId}` : "";
  useEffect(() => {
    uploads.start(owner);
    return () => uploads.stop();
  }, [owner]);
  const { data = none } = useQuery({
    queryKey: ["uploads", owner],
    queryFn: async () => (await call<{ data: Begun[] }>("/api/uploads")).data.filter((u) => u.status === "uploading" && u.userId === session.userId),
    enabled: editor,
    refetchOnWindowFocus: true,
  });
  useEvents("upload:progress", uploads.want);
  if (!wanted && data.length === 0) return null;
  return (
    <Suspense fallback={null}>
      <Tray session={session} begun={data} />
    </Suspense>
  );
}
