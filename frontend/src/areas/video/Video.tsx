import "./video.css";
import { Anchor, Text, Title as Heading } from "@mantine/core";
import { useVideo } from "@reelroom/react";
import { ArrowLeft } from "lucide-react";
import { useTranslation } from "react-i18next";
import { Link, useLocation } from "wouter";
import { mayEdit, type Session } from "../../lib/session";
import { Waiting } from "../../parts/Waiting";
import { Page } from "./Page";
import { Trail } from "./Trail";

/** The page of one video. */
export default function Video({ id, session }: { id: string; session: Session }) {
  const { t } = useTranslation(["video", "common"]);
  const { state, video } = useVideo(id);
  const [, go] = useLocation();
  const gone = state === "missing" || video?.status === "deleted";
  const editor = mayEdit(session);
  return (
    <div className="videoPage">
      <Anchor component={Link} href="/" size="sm" className="backLink"><ArrowLeft size={14} aria-hidden /> {t("common:nav.library")}</Anchor>
      {gone ? (
        <>
          <section className="panel empty" role="status">
            <Heading order={1} size="h3">{t("gone.title")}</Heading>
            <Text c="dimmed">{editor ? t("gone.words") : t("gone.short")}</Text>
          </section>
          {editor && <section className="panel block"><Trail id={id} rev={0} me={session.userId} quiet /></section>}
        </>
      ) : video ? (
        <Page video={video} session={session} onGone={() => go("/")} />
      ) : (
        <Waiting />
      )}
    </div>
  );
}
