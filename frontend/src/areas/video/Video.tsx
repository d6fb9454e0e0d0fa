import "./video.css";
import { Anchor } from "@mantine/core";
import { useConnection, useVideo } from "@reelroom/react";
import { ArrowLeft } from "lucide-react";
import { useTranslation } from "react-i18next";
import { Link, useLocation } from "wouter";
import { mayEdit, type Session } from "../../lib/session";
import { Waiting } from "../../parts/Waiting";
import { Absent } from "./Absent";
import { Page } from "./Page";
import { Trail, useTrail } from "./Trail";

/** The page of one video. */
export default function Video({ id, session }: { id: string; session: Session }) {
  const { t } = useTranslation(["video", "common"]);
  const { state, video, deleted, error } = useVideo(id);
  const connection = useConnection();
  const [, go] = useLocation();
  const gone = state === "missing" || video?.status === "deleted";
  const editor = mayEdit(session);
  // Who may read the trail is told what became of a video that is not there.
  const trail = useTrail(id, 0, gone && editor);
  const inTrail = trail.data?.pages.some((page) => page.data.some((entry) => entry.action === "video.deleted")) ?? false;
  const was = deleted || video?.status === "deleted" || inTrail;
  const away = connection.state === "reconnecting" || connection.state === "refused";
  return (
    <div className="videoPage">
      <Anchor component={Link} href="/" size="sm" className="backLink"><ArrowLeft size={14} aria-hidden /> {t("common:nav.library")}</Anchor>
      {gone ? (
        <>
          {trail.isLoading && !was ? <Waiting /> : <Absent why={was ? "deleted" : "unknown"} trail={inTrail} />}
          {inTrail && <section className="panel block"><Trail id={id} rev={0} me={session.userId} quiet /></section>}
        </>
      ) : video ? (
        <Page video={video} session={session} onGone={() => go("/")} />
      ) : error && error.code !== "network" ? (
        <Absent why="refused" error={error} />
      ) : away || error ? (
        <Absent why="unreachable" error={connection.state === "refused" ? connection.error : null} />
      ) : (
        <Waiting />
      )}
    </div>
  );
}
