import { useSyncExternalStore } from "react";

let asked: string | null = null;
let opener: Element | null = null;
const listeners = new Set<() => void>();

/** Opens the dialog for a video's title, or closes it; then the focus goes back to where it was. */
export function askName(id: string | null): void {
  if (id) opener = document.activeElement;
  else setTimeout(giveBack, 0, asked);
  asked = id;
  for (const listener of listeners) listener();
}

function giveBack(id: string | null): void {
  const kept = opener?.isConnected && opener !== document.body && !opener.closest("[role=menu]");
  const target = kept ? opener : id && document.querySelector(`[data-video="${CSS.escape(id)}"] .open`);
  if (target instanceof HTMLElement) target.focus({ preventScroll: true });
}

export const useAskedName = () =>
  useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }, () => asked);
