import type { Chat, Message as Sent, Level } from "@reelroom/react";

/** What the server told people, until they dismiss it. */
export interface Message {
  /** The same for the same message, however often and in how many tabs it comes. */
  key: string;
  kind: "announcement" | "notification" | "chat";
  text: string;
  level: Level;
  /** A user's id, or "" for the operator of the server. */
  from: string;
  at: string;
  /** When it need not be shown any more; null for never. */
  expiresAt: string | null;
}

interface Kept {
  list: readonly Message[];
  /** Keys of what was dismissed, so that no other tab brings it back. */
  dismissed: readonly string[];
}

/** How many messages are kept, and how many dismissed ones are remembered. */
const maxList = 100;
const maxDismissed = 500;

/** What names in the browser's storage begin with; the owner follows. */
const prefix = "reelroom.messages ";

const nothing: Kept = { list: [], dismissed: [] };

export const ofAnnouncement = (m: Sent): Message => of("announcement", m);
export const ofNotification = (m: Sent): Message => of("notification", m);
export const ofChat = ({ id, userId, text, ts }: Chat): Message => ({
  key: `chat ${userId} ${id}`, kind: "chat", text, level: "info", from: userId, at: ts, expiresAt: null,
});

function of(kind: Message["kind"], { id, message, level, from, ts, expiresAt }: Sent): Message {
  return { key: `${kind} ${id}`, kind, text: message, level, from, at: ts, expiresAt };
}

/**
 * The messages of one person in this browser. All tabs share them: a message
 * that is dismissed in one is gone in all, and a reload loses none.
 */
export class Messages {
  private readonly name: string;
  private readonly listeners = new Set<() => void>();
  private kept: Kept;

  constructor(owner: string, private readonly storage: Pick<Storage, "getItem" | "setItem"> | null = storageOfBrowser()) {
    this.name = prefix + owner;
    this.kept = this.read();
  }

  get = (): readonly Message[] => this.kept.list;

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    window.addEventListener("storage", this.heard);
    return () => {
      this.listeners.delete(listener);
      if (this.listeners.size === 0) window.removeEventListener("storage", this.heard);
    };
  };

  add = (message: Message): void => {
    const { list, dismissed } = this.read();
    if (dismissed.includes(message.key) || list.some(({ key }) => key === message.key)) return;
    this.write({ list: [...list, message].slice(-maxList), dismissed });
  };

  dismiss = (...keys: string[]): void => {
    const { list, dismissed } = this.read();
    const gone = new Set(keys);
    this.write({ list: list.filter(({ key }) => !gone.has(key)), dismissed: [...dismissed.filter((key) => !gone.has(key)), ...keys].slice(-maxDismissed) });
  };

  private heard = ({ key }: StorageEvent): void => {
    if (key !== null && key !== this.name) return;
    this.kept = this.read();
    this.tell();
  };

  private tell(): void {
    for (const listener of this.listeners) listener();
  }

  /** What the browser keeps; where it keeps nothing, what this page has. */
  private read(): Kept {
    try {
      const { list, dismissed } = JSON.parse(this.storage!.getItem(this.name) ?? "{}") as Partial<Kept>;
      return { list: list ?? [], dismissed: dismissed ?? [] };
    } catch {
      return this.kept ?? nothing;
    }
  }

  private write(kept: Kept): void {
    this.kept = kept;
    try {
      this.storage?.setItem(this.name, JSON.stringify(kept));
    } catch {
      // for this page only, then
    }
    this.tell();
  }
}

/** Forgets everybody's messages, at sign-out: on a machine of many nothing stays behind. */
export function forgetMessages(): void {
  const storage = storageOfBrowser();
  try {
    for (const name of Object.keys(storage ?? {})) if (name.startsWith(prefix)) storage!.removeItem(name);
  } catch {
    // nothing was kept, then
  }
}

function storageOfBrowser(): Storage | null {
  try {
    return window.localStorage;
  } catch {
    return null;
  }
}
