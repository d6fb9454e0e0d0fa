import { Text } from "@mantine/core";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { taken } from "./picked";
import { uploads } from "./uploads";

/** Takes files and folders that are dropped anywhere on the page, or pasted into it. */
export function DropCover() {
  const { t } = useTranslation();
  const [over, setOver] = useState(false);

  useEffect(() => {
    let depth = 0; // dragenter and dragleave also fire for every element below
    const files = (e: DragEvent) => e.dataTransfer?.types.includes("Files") ?? false;
    const enter = (e: DragEvent) => files(e) && setOver(++depth > 0);
    const leave = (e: DragEvent) => files(e) && setOver(--depth > 0);
    const hover = (e: DragEvent) => files(e) && e.preventDefault();
    const drop = (e: DragEvent) => {
      if (!files(e)) return;
      e.preventDefault();
      depth = 0;
      setOver(false);
      void uploads.addDropped(taken(e.dataTransfer));
    };
    const paste = (e: ClipboardEvent) => {
      if (!e.clipboardData?.files.length) return;
      e.preventDefault();
      void uploads.addDropped(taken(e.clipboardData));
    };
    const listeners = { dragenter: enter, dragleave: leave, dragover: hover, drop, paste } as const;
    for (const [name, listener] of Object.entries(listeners)) window.addEventListener(name, listener as EventListener);
    return () => {
      for (const [name, listener] of Object.entries(listeners)) window.removeEventListener(name, listener as EventListener);
    };
  }, []);

  return over ? (
    <div className="dropCover" aria-hidden>
      <Text size="xl" fw={600}>{t("upload.drop")}</Text>
    </div>
  ) : null;
}
