import { createTheme } from "@mantine/core";

/**
 * The look. theme.css holds its variables: under the strict content policy no
 * style element can be made at run time, so Mantine is told not to make one,
 * and parts that do (AppShell, SimpleGrid, responsive style props, the scroll
 * lock of dialogs) are replaced by style.css.
 */
export const theme = createTheme({
  primaryColor: "violet",
  defaultRadius: "md",
  cursorType: "pointer",
  respectReducedMotion: true,
  components: {
    Modal: { defaultProps: { lockScroll: false, closeButtonProps: { "aria-label": "Close" } } },
    Drawer: { defaultProps: { lockScroll: false, closeButtonProps: { "aria-label": "Close" } } },
  },
});
