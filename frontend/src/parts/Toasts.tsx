import "@mantine/core/styles/Notification.layer.css";
import "@mantine/notifications/styles.layer.css";
import { Button, Group, MantineProvider } from "@mantine/core";
import { notifications, Notifications } from "@mantine/notifications";
import i18next from "i18next";
import { createRoot } from "react-dom/client";
import type { Toast } from "../lib/toast";
import { theme } from "../theme";

const colors = { info: undefined, good: "teal", bad: "red.9" } as const;

// A root of its own: the page does not wait for it, and nothing in the page is drawn again for a toast.
const place = document.createElement("div");
document.body.append(place);
createRoot(place).render(
  <MantineProvider theme={theme} defaultColorScheme="auto" withCssVariables={false} withGlobalClasses={false}>
    <Notifications position="bottom-center" limit={4} zIndex={500} />
  </MantineProvider>,
);

export function show({ id, message, tone = "info", action, stays = 6_000, gone }: Toast): void {
  if (id) notifications.hide(id);
  const shown: string = notifications.show({
    id,
    color: colors[tone],
    autoClose: stays,
    role: tone === "bad" ? "alert" : "status",
    closeButtonProps: { "aria-label": i18next.t("common:close") },
    onClose: gone,
    message: (
      <Group justify="space-between" wrap="nowrap" gap="md">
        <span className="breakable">{message}</span>
        {action && <Button size="compact-sm" variant="light" onClick={() => { action.run(); notifications.hide(shown); }}>{action.label}</Button>}
      </Group>
    ),
  });
}

export const hide = (id: string): void => void notifications.hide(id);
