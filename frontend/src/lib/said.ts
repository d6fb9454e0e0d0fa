import { ReelroomError } from "@reelroom/react";
import i18next from "i18next";

/**
 * What went wrong, for people: by its code in the chosen language, or, where
 * the page does not know the code, in the words that the server said.
 */
export function said(problem: unknown): string {
  if (problem instanceof ReelroomError) return saidBy(problem.code, problem.message);
  return problem instanceof Error ? problem.message : String(problem);
}

/** The same for a code that stands in a document, beside the server's words. */
export function saidBy(code: string | null | undefined, message: string): string {
  return code ? i18next.t(`common:codes.${code as "internal"}`, { message, defaultValue: message }) : message;
}
