import "./kit";
import "./theme.css";
import "./style.css";
import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./App";
import { isRefusal } from "./lib/api";
import { startWords } from "./lib/i18n";
import { signInByLink } from "./lib/local";
import { takeSecret } from "./lib/secret";
import { start } from "./lib/session";
import { theme } from "./theme";

takeSecret();
addEventListener("hashchange", () => void signInByLink());

const queries = new QueryClient({ defaultOptions: { queries: { retry: (count, problem) => count < 1 && !isRefusal(problem), refetchOnWindowFocus: false }, mutations: { retry: false } } });

// Who comes back with an account sees the library at once; where that takes long, the page says that it waits.
const soon = new Promise((resolve) => setTimeout(resolve, 600));
await Promise.all([startWords(), Promise.race([Promise.all([start(), signInByLink()]), soon])]);

createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <MantineProvider theme={theme} defaultColorScheme="auto" withCssVariables={false} withGlobalClasses={false}>
      <QueryClientProvider client={queries}>
        <App />
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
);
