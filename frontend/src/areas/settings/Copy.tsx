import { Button, TextInput, VisuallyHidden } from "@mantine/core";
import { Check, Copy as CopyIcon } from "lucide-react";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";

/** A link to give to somebody. */
export function Copy({ label, value }: { label: string; value: string }) {
  const { t } = useTranslation("settings");
  const input = useRef<HTMLInputElement>(null);
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    input.current?.select();
    try {
      await navigator.clipboard.writeText(value);
      setCopied(true);
    } catch {
      // Not every browser lets a page without https do it; what is selected can be copied by hand.
      setCopied(document.execCommand("copy"));
    }
  };
  return (
    <div className="given">
      <TextInput ref={input} label={label} value={value} readOnly onFocus={(event) => event.currentTarget.select()} />
      <Button variant="default" leftSection={copied ? <Check size={16} /> : <CopyIcon size={16} />} onClick={() => void copy()}>
        {copied ? t("copied") : t("copy")}
      </Button>
      <VisuallyHidden role="status">{copied ? t("copied") : ""}</VisuallyHidden>
    </div>
  );
}
