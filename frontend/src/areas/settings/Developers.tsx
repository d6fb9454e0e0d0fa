import { Text } from "@mantine/core";
import { Trans, useTranslation } from "react-i18next";
import { Link } from "wouter";
import { Copy } from "./Copy";
import { Panel } from "./Panel";

/** Where an app of one's own is pointed, and how it gets in. */
export function Developers() {
  const { t } = useTranslation("settings");
  const url = location.origin;
  const code = `import { io } from "socket.io-client";

const socket = io("${url}", {
  auth: async (give) => give({ token: await yourToken() }),
});

socket.on("video:progress", (e) => console.log(e.videoId, e.stage, e.progress));
socket.on("video:processed", (e) => console.log(e.videoId, e.thumbnail));`;
  return (
    <>
      <Panel title={t("developers.title")} words={t("developers.words")}>
        <Copy label={t("developers.address")} value={url} />
        <Copy label={t("developers.install")} value={`npm install ${url}/sdk/reelroom-react.tgz socket.io-client`} />
        <pre tabIndex={0} role="region" aria-label={t("developers.example")}><code>{code}</code></pre>
        <Text size="sm"><Link href="/docs">{t("developers.docs")}</Link></Text>
      </Panel>
      <Panel title={t("developers.token")}>
        <ul className="steps">
          {(["issuer", "secret", "claims"] as const).map((step) => (
            <li key={step}><Text size="sm"><Trans t={t} i18nKey={`developers.${step}`} components={{ code: <code /> }} /></Text></li>
          ))}
        </ul>
      </Panel>
    </>
  );
}
