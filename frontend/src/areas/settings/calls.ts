import { call, callWith } from "../../lib/api";

export interface Member {
  userId: string;
  name: string;
  email: string;
  role: string;
  createdAt: string;
  /** Null for who was never here. */
  lastSeenAt: string | null;
  you: boolean;
}

export interface Invite {
  id: string;
  role: string;
  /** Whom it is for; "" for whoever has the link. */
  email: string;
  createdAt: string;
  createdBy: string;
  expiresAt: string;
  /** Only in the answer that makes it. */
  url?: string;
}

/** A link that is shown once. */
export interface GivenLink {
  url: string;
  expiresAt: string;
}

interface Page<T> {
  data: T[];
  nextCursor?: string | null;
}

const one = (id: string) => encodeURIComponent(id);

export const organization = () => call<{ name: string }>("/api/org");
export const renameOrganization = (name: string) => callWith<{ name: string } | undefined>("PATCH", "/api/org", { name });
export const members = (after: string) => call<Page<Member>>(`/api/org/members${after && `?after=${one(after)}`}`);
export const changeRole = (id: string, role: string) => callWith<void>("PATCH", `/api/org/members/${one(id)}`, { role });
export const removeMember = (id: string) => call<void>(`/api/org/members/${one(id)}`, { method: "DELETE" });
export const resetLink = (id: string) => callWith<GivenLink>("POST", `/api/org/members/${one(id)}/reset`);
export const invites = () => call<Page<Invite>>("/api/org/invites");
export const invite = (asked: { role: string; email?: string }) => callWith<Invite & GivenLink>("POST", "/api/org/invites", asked);
export const withdraw = (id: string) => call<void>(`/api/org/invites/${one(id)}`, { method: "DELETE" });
