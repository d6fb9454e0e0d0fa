import "@mantine/core/styles/PasswordInput.layer.css";
import { PasswordInput, type PasswordInputProps } from "@mantine/core";
import { useState, type KeyboardEvent } from "react";
import { useTranslation } from "react-i18next";

/** A password that can be shown; says so when Caps Lock is on. */
export function Password(props: PasswordInputProps) {
  const { t } = useTranslation("account");
  const [shown, setShown] = useState(false);
  const [caps, setCaps] = useState(false);
  const look = (event: KeyboardEvent) => setCaps(event.getModifierState?.("CapsLock") ?? false);
  return (
    <PasswordInput
      {...props}
      required
      withAsterisk={false}
      visible={shown}
      onVisibilityChange={setShown}
      onKeyDown={look}
      onKeyUp={look}
      description={caps ? <span role="status">{t("password.caps")}</span> : props.description}
      inputWrapperOrder={["label", "input", "description", "error"]}
      spellCheck={false}
      autoCapitalize="none"
      visibilityToggleButtonProps={{ "aria-label": shown ? t("password.hide") : t("password.show"), tabIndex: 0 }}
    />
  );
}
