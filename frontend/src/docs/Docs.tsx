import "./docs.css";
import { Alert, Loader } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { Calls, callsOf } from "./Calls";
import { Events, partsOf } from "./Events";
import type { AsyncAPI, OpenAPI } from "./spec";

const read = async <T,>(path: string): Promise<T> => {
  const response = await fetch(path, { headers: { accept: "application/json" } });
  if (!response.ok) throw new Error(`The server answered ${response.status}.`);
  return response.json() as Promise<T>;
};

/** The part of the address that names what is shown: "#calls/getVideo". */
function useHash() {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const look = () => setHash(location.hash);
    addEventListener("hashchange", look);
    return () => removeEventListener("hashchange", look);
  }, []);
  const [part = "", wanted = ""] = hash.slice(1).split("/");
  return { events: part === "events", wanted: decodeURIComponent(wanted) };
}

/** Both documents of the server, for people. It needs no token. */
export default function Docs() {
  const { events, wanted } = useHash();
  const [asked, setAsked] = useState("");
  const calls = useQuery({ queryKey: ["openapi"], queryFn: () => read<OpenAPI>("/api/openapi.json") });
  const messages = useQuery({ queryKey: ["asyncapi"], queryFn: () => read<AsyncAPI>("/api/asyncapi.json") });
  const fits = (words: string) => words.toLowerCase().includes(asked.trim().toLowerCase());
  const shown = events ? messages : calls;

  useEffect(() => {
    if (!wanted) scrollTo(0, 0); // the other document begins at its beginning
  }, [events, wanted]);
  useEffect(() => {
    document.title = "Reelroom: calls and events";
  }, []);

  return (
    <div className="docs">
      <a className="skip" href="#content">Skip to the content</a>
      <header className="header">
        <div className="wrap">
          <a className="brand plain" href="/"><img src="/icon.svg" alt="" width={30} height={30} /><span>Reelroom</span></a>
          <nav aria-label="Documents" className="tabs">
            <a href="#calls" aria-current={events ? undefined : "page"}>Calls</a>
            <a href="#events" aria-current={events ? "page" : undefined}>Events</a>
          </nav>
          <span className="spring" />
          <a className="raw" href={events ? "/api/asyncapi.json" : "/api/openapi.json"}>{events ? "AsyncAPI" : "OpenAPI"}<span> as JSON</span></a>
        </div>
      </header>
      <div className="wrap columns">
        <aside>
          <input type="search" aria-label="Find" placeholder="Find…" value={asked} onChange={(e) => setAsked(e.currentTarget.value)} />
          <Contents calls={events ? undefined : calls.data} messages={events ? messages.data : undefined} fits={fits} wanted={wanted} />
        </aside>
        <main id="content" data-testid={events ? "events" : "calls"}>
          <h1>{shown.data?.info.title ?? (events ? "Events" : "Calls")}</h1>
          {shown.isPending && <Loader aria-label="Loading" />}
          {shown.isError && <Alert color="red" role="alert" title="The document cannot be read">{shown.error.message}</Alert>}
          {!events && calls.data && <Calls document={calls.data} wanted={wanted} fits={fits} />}
          {events && messages.data && <Events document={messages.data} wanted={wanted} fits={fits} />}
        </main>
      </div>
    </div>
  );
}

interface Link {
  id: string;
  words: string;
  method?: string;
}

function Contents({ calls, messages, fits, wanted }: { calls?: OpenAPI; messages?: AsyncAPI; fits: (words: string) => boolean; wanted: string }) {
  const groups: [string, Link[]][] = [];
  if (calls) {
    for (const [tag, list] of callsOf(calls)) {
      groups.push([tag, list.filter((c) => fits(`${c.method} ${c.path} ${c.operation.summary} ${c.operation.operationId}`)).map((c) => ({ id: `calls/${c.operation.operationId}`, words: c.operation.summary, method: c.method }))]);
    }
  }
  if (messages) {
    for (const [id, channel] of Object.entries(messages.channels)) {
      const { sent, taken } = partsOf(messages, id);
      groups.push([channel.title, [...sent, ...taken].filter((p) => fits(`${channel.title} ${channel.address} ${p.message.name} ${p.summary ?? p.message.summary ?? ""}`)).map((p) => ({ id: `events/${encodeURIComponent(p.id)}`, words: p.message.name }))]);
    }
  }
  return (
    <nav aria-label="Contents" className="contents">
      {groups.map(([title, links]) => links.length > 0 && (
        <div key={title}>
          <b>{title}</b>
          <ul>
            {links.map((link) => (
              <li key={link.id}>
                <a href={`#${link.id}`} aria-current={link.id.endsWith(`/${wanted}`) || undefined}>
                  {link.method && <span className={`method ${link.method}`}>{link.method}</span>}{link.words}
                </a>
              </li>
            ))}
          </ul>
        </div>
      ))}
    </nav>
  );
}
