import { Button, type ButtonProps } from "@mantine/core";
import { Upload } from "lucide-react";
import { useRef } from "react";
import { useTranslation } from "react-i18next";
import { chooseByHandle, kinds, lendsHandles } from "./picked";
import { uploads } from "./uploads";

/** Opens the file dialog: the one that lets the page find the files again after a reload, where the browser has it. */
export function ChooseFiles({ label, ...props }: { label?: string } & ButtonProps) {
  const { t } = useTranslation();
  const input = useRef<HTMLInputElement>(null);
  const choose = () => {
    if (!lendsHandles()) return input.current?.click();
    // Some pages may not use it, for instance in a frame; the old dialog works there.
    chooseByHandle(true).then((picked) => uploads.add(picked), () => input.current?.click());
  };
  return (
    <>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        accept={kinds.join(",")}
        onChange={(e) => {
          uploads.add([...(e.currentTarget.files ?? [])]);
          e.currentTarget.value = "";
        }}
      />
      <Button leftSection={<Upload size={16} />} {...props} onClick={choose}>
        {label ?? t("upload.choose")}
      </Button>
    </>
  );
}
