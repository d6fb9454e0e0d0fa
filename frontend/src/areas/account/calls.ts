import { callWith } from "../../lib/api";
import type { SignedIn } from "../../lib/session";

/** Fewer characters than this are no password; the server says the same. */
export const leastPassword = 10;

export interface Registration {
  name: string;
  email: string;
  password: string;
  organizationName?: string;
  invite?: string;
  setupCode?: string;
}

export interface Invitation {
  organizationName: string;
  role: string;
  email: string;
}

export const register = (who: Registration) => callWith<SignedIn>("POST", "/api/auth/register", who);
export const login = (who: { email: string; password: string }) => callWith<SignedIn>("POST", "/api/auth/login", who);
/** What a link invites to. */
export const readInvite = (secret: string) => callWith<Invitation>("POST", "/api/auth/invite", { secret });
export const resetPassword = (secret: string, password: string) => callWith<SignedIn | undefined>("POST", "/api/auth/reset", { secret, password });
export const changePassword = (passwords: { current: string; next: string }) => callWith<SignedIn | undefined>("POST", "/api/auth/password", passwords);
