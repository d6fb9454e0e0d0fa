import { Button } from "@mantine/core";
import { useEffect, useRef } from "react";
import { chooseByHandle, lendsHandles, type Picked } from "./picked";

/** Asks for the file of one upload. */
export function ChooseAgain({ label, take }: { label: string; take: (picked: Picked) => void }) {
  const input = useRef<HTMLInputElement>(null);
  // Heard at the element itself: while the dialog is open the row may leave the list, and what is chosen then counts, too.
  useEffect(() => {
    const element = input.current;
    if (!element) return;
    element.onchange = () => {
      const file = element.files?.[0];
      if (file) take({ file });
      element.value = "";
    };
  }, [take]);
  const choose = () => {
    if (!lendsHandles()) return input.current?.click();
    chooseByHandle(false).then(([picked]) => picked && take(picked), () => input.current?.click());
  };
  return (
    <>
      <input ref={input} type="file" hidden />
      <Button size="compact-xs" variant="light" mt={4} onClick={choose}>{label}</Button>
    </>
  );
}
