import { Button } from "@mantine/core";
import { useRef } from "react";
import { chooseByHandle, lendsHandles, type Picked } from "./picked";

/** Asks for the file of one upload. */
export function ChooseAgain({ label, take }: { label: string; take: (picked: Picked) => void }) {
  const input = useRef<HTMLInputElement>(null);
  const choose = () => {
    if (!lendsHandles()) return input.current?.click();
    chooseByHandle(false).then(([picked]) => picked && take(picked), () => input.current?.click());
  };
  return (
    <>
      <input
        ref={input}
        type="file"
        hidden
        onChange={(e) => {
          const file = e.currentTarget.files?.[0];
          if (file) take({ file });
          e.currentTarget.value = "";
        }}
      />
      <Button size="compact-xs" variant="light" mt={4} onClick={choose}>{label}</Button>
    </>
  );
}
