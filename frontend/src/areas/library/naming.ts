import { useSyncExternalStore } from "react";

let asked: string | null = null;
const listeners = new Set<() => void>();

/** Opens the dialog for a video's title, or closes it. */
export function askName(id: string | null): void {
  asked = id;
  for (const listener of listeners) listener();
}

export const useAskedName = () =>
  useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }, () => asked);
