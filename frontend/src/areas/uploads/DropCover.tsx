import { Text } from "@mantine/core";
import { useEffect, useState } from "react";
import { uploads } from "./uploads";

/** Takes files that are dropped anywhere on the page. */
export function DropCover() {
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
      uploads.add(e.dataTransfer?.files ?? []);
    };
    const listeners = { dragenter: enter, dragleave: leave, dragover: hover, drop } as const;
    for (const [name, listener] of Object.entries(listeners)) window.addEventListener(name, listener as EventListener);
    return () => {
      for (const [name, listener] of Object.entries(listeners)) window.removeEventListener(name, listener as EventListener);
    };
  }, []);

  return over ? (
    <div className="dropCover" aria-hidden>
      <Text size="xl" fw={600}>Drop to upload</Text>
    </div>
  ) : null;
}
