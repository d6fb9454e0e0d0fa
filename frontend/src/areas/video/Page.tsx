import { Alert, Button, Group, Progress, Text } from "@mantine/core";
import type { VideoDocument } from "@reelroom/react";
import { Download } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ownURL } from "../../lib/api";
import { isAdmin, mayEdit, type Session } from "../../lib/session";
import { left, percent, statusLine, warning } from "../../lib/words";
import { Actions } from "../library/Actions";
import { Clock } from "./clock";
import { Facts } from "./Facts";
import { Failure } from "./Failure";
import { Findings } from "./Findings";
import { Review } from "./Review";
import { Screen } from "./Screen";
import { Story } from "./Story";
import { Title } from "./Title";
import { Trail } from "./Trail";

interface Props {
  video: VideoDocument;
  session: Session;
  onGone: () => void;
}

export function Page({ video: v, session, onGone }: Props) {
  const { t } = useTranslation("video");
  const [clock] = useState(() => new Clock());
  const editor = mayEdit(session);
  const running = v.status === "queued" || v.status === "processing";
  const media = ownURL(v.media);
  return (
    <article className="videoGrid" data-testid="details" data-status={v.status}>
      <header className="videoHead">
        <Title video={v} editor={editor} />
        <Group gap="xs" wrap="nowrap">
          {media && (
            <Button component="a" href={`${media}&download=1`} download={v.fileName} variant="default" leftSection={<Download size={16} aria-hidden />} className="downloadFile" aria-label={t("download")} title={t("download")}>
              <span className="wideOnly">{t("download")}</span>
            </Button>
          )}
          {editor && <Actions video={v} onDeleted={onGone} />}
        </Group>
      </header>

      <div className="videoMain">
        {v.status === "failed" && <Failure video={v} editor={editor} />}
        {v.status === "cancelled" && <Failure video={v} editor={editor} words={t("cancelled")} />}
        <div className="panel screenPanel">
          <Screen video={v} clock={clock} />
          {running && (
            <div className="block" data-testid="running">
              <Group justify="space-between" gap="xs">
                <Text size="sm">{statusLine(v)}</Text>
                <Text size="sm" c="dimmed" className="number">{[left(v.etaSeconds, v.etaHighSeconds), percent(v.progress)].filter(Boolean).join(" · ")}</Text>
              </Group>
              <Progress value={v.progress} mt={6} aria-label={t("processing")} transitionDuration={150} />
            </div>
          )}
          <Findings video={v} clock={clock} />
        </div>
        {v.warnings?.map((w) => <Alert key={w.code} color="yellow" title={t("note")}>{warning(w)}</Alert>)}
      </div>

      <aside className="videoSide">
        <section className="panel block"><Review video={v} admin={isAdmin(session)} me={session.userId} /></section>
        <section className="panel block"><Story video={v} /></section>
        <section className="panel block"><Facts video={v} /></section>
        {editor && <section className="panel block"><Trail id={v.id} rev={v.rev} me={session.userId} /></section>}
      </aside>
    </article>
  );
}
