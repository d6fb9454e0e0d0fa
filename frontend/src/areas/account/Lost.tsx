import { Anchor, Button } from "@mantine/core";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { giveUp, renew } from "../../lib/session";
import { Frame } from "./Frame";

/** How long before the page asks again by itself, in ms. */
const waits = [2_000, 3_000, 5_000, 10_000];

/** For who has an account, while the server that would say so cannot be reached. */
export default function Lost() {
  const { t } = useTranslation(["account", "common"]);
  const [tries, setTries] = useState(0);
  const [asking, setAsking] = useState(false);

  useEffect(() => {
    const again = () => void renew().finally(() => setTries((n) => n + 1));
    const timer = setTimeout(again, waits[Math.min(tries, waits.length - 1)]);
    addEventListener("online", again);
    return () => {
      clearTimeout(timer);
      removeEventListener("online", again);
    };
  }, [tries]);

  const ask = () => {
    setAsking(true);
    void renew().finally(() => setAsking(false));
  };
  return (
    <Frame title={t("away.title")} words={t("away.still")}>
      <Button size="md" loading={asking} onClick={ask}>{t("common:tryAgain")}</Button>
      <div className="others"><Anchor inherit component="button" type="button" onClick={giveUp}>{t("away.other")}</Anchor></div>
    </Frame>
  );
}
