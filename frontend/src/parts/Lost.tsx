import { useNetwork } from "@mantine/hooks";
import { useConnection } from "@reelroom/react";
import { RefreshCw, WifiOff } from "lucide-react";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useTrouble } from "../lib/load";
import { said } from "../lib/said";
import { hour } from "../lib/words";
import { Reload } from "./Waiting";

/** How long a connection may be away before it is worth a word, in ms. */
const blink = 1_500;

/** Says since when the connection is gone, and what that means, and when the page must be loaded again. It lies over the page, so that nothing moves. */
export function Lost() {
  const { t } = useTranslation();
  const { state, error } = useConnection();
  const { online } = useNetwork();
  const live = online && state === "connected";
  const gone = !online || state === "reconnecting" || state === "refused";
  const [since, setSince] = useState<Date | null>(null);
  const [late, setLate] = useState(false);
  if (gone && !since) setSince(new Date());
  if (live && since) setSince(null);
  if (!since && late) setLate(false);
  useEffect(() => {
    if (!since) return;
    const timer = setTimeout(() => setLate(true), blink);
    return () => clearTimeout(timer);
  }, [since]);

  const outdated = useTrouble() === "outdated";
  const why = !online ? t("connection.offlineHint") : state === "refused" && error ? said(error) : t("connection.reconnectingHint");
  return (
    <div role="status" className="lost" data-testid="lost">
      {since && late && (
        <div className="panel">
          <WifiOff size={18} aria-hidden />
          <span><b>{t("connection.since", { time: hour(since) })}</b> {t("connection.old")} {why}</span>
        </div>
      )}
      {outdated && (
        <div className="panel">
          <RefreshCw size={18} aria-hidden />
          <span><b>{t("notLoaded.outdated.title")}.</b> {t("notLoaded.outdated.words")}</span>
          <Reload small />
        </div>
      )}
    </div>
  );
}
