import { useEffect } from "react";

/** Names the page in the browser's tab for as long as it is shown. */
export function useTitle(word: string): void {
  useEffect(() => {
    document.title = `${word} · Reelroom`;
    return () => {
      document.title = "Reelroom";
    };
  }, [word]);
}
