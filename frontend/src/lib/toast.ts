import { loader } from "./load";

const load = loader(() => import("../parts/Toasts"));

/** A word that passes by. Its code comes with the first one. */
export interface Toast {
  /** A toast of the same id is replaced. */
  id?: string;
  message: string;
  tone?: "info" | "good" | "bad";
  /** What can be done about it, for instance Undo. */
  action?: { label: string; run: () => void };
  /** How long it stays, in ms. */
  stays?: number;
  /** Called once when it is gone, however that came about. */
  gone?: () => void;
}

export async function toast(word: Toast): Promise<void> {
  const { show } = await load();
  show(word);
}
