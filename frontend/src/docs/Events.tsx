import { nameOf, typeOf, type AsyncAPI, type Channel, type Message, type Schema } from "./spec";
import { Entry } from "./Entry";
import { Field, Schemas, Shape } from "./Fields";
import { Line, Words } from "./Words";

interface Part {
  /** Unique on the page. */
  id: string;
  message: Message;
  summary?: string;
  replies: Message[];
}

/** What a channel's server sends, and what its clients do. */
export function partsOf(document: AsyncAPI, channel: string): { sent: Part[]; taken: Part[] } {
  const look = (ref: string): [string, Message] => {
    const key = `${channel}.${nameOf(ref)}`;
    return [key, document.components.messages[key]!];
  };
  const all = Object.values(document.operations).filter((o) => nameOf(o.channel.$ref) === channel);
  return {
    sent: all.filter((o) => o.action === "send").flatMap((o) => o.messages.map((m) => look(m.$ref)).map(([id, message]) => ({ id, message, replies: [] }))),
    taken: all.filter((o) => o.action === "receive").map((o) => {
      const [id, message] = look(o.messages[0]!.$ref);
      return { id, message, summary: o.summary, replies: (o.reply?.messages ?? []).map((m) => look(m.$ref)[1]) };
    }),
  };
}

/** Every message of the doors with events. */
export function Events({ document, wanted, fits }: { document: AsyncAPI; wanted: string; fits: (words: string) => boolean }) {
  return (
    <Schemas value={document.components.schemas}>
      <Words text={document.info.description} />
      {Object.entries(document.channels).map(([id, channel]) => <Door key={id} id={id} channel={channel} document={document} wanted={wanted} fits={fits} />)}
    </Schemas>
  );
}

function Door({ id, channel, document, wanted, fits }: { id: string; channel: Channel; document: AsyncAPI; wanted: string; fits: (words: string) => boolean }) {
  const { sent, taken } = partsOf(document, id);
  const groups = ([["The server sends", sent], ["A client sends", taken]] as const)
    .map(([title, parts]) => [title, parts.filter((p) => fits(`${channel.title} ${channel.address} ${p.message.name} ${p.summary ?? p.message.summary ?? ""}`))] as const);
  if (groups.every(([, parts]) => parts.length === 0)) return null;
  return (
    <section aria-labelledby={`channel-${id}`}>
      <h2 id={`channel-${id}`}>{channel.title}</h2>
      <p className="lead"><code>{channel.address}</code></p>
      <Words text={channel.description} />
      <Asked title="In the address" fields={{ ...channel.bindings?.ws?.query?.properties, ...channel["x-query"] }} needed={channel.bindings?.ws?.query?.required} />
      <Asked title="Headers" fields={{ ...channel.bindings?.ws?.headers?.properties, ...channel["x-headers"] }} />
      {groups.map(([title, parts]) => parts.length > 0 && (
        <div key={title}>
          <h3 className="group">{title}</h3>
          {parts.map((part) => <One key={part.id} part={part} wanted={wanted} />)}
        </div>
      ))}
    </section>
  );
}

function Asked({ title, fields, needed = [] }: { title: string; fields: Record<string, Schema>; needed?: string[] }) {
  if (Object.keys(fields).length === 0) return null;
  return (
    <>
      <h4>{title}</h4>
      <ul className="fields">
        {Object.entries(fields).map(([name, schema]) => <li key={name}><Field name={name} schema={schema} needed={needed.includes(name)} /></li>)}
      </ul>
    </>
  );
}

function One({ part: { id, message, summary, replies }, wanted }: { part: Part; wanted: string }) {
  const words = summary ?? message.summary;
  return (
    <Entry id={id} open={wanted === id} head={<><code className="path">{message.name}</code><span className="summary">{words && <Line text={words} />}</span></>}>
      <Payload message={message} />
      {replies.length > 0 && <h4>Acks</h4>}
      {replies.map((reply, i) => <Payload key={i} message={reply} />)}
    </Entry>
  );
}

function Payload({ message }: { message: Message }) {
  const list = Array.isArray(message.payload.items);
  return (
    <div className="payload">
      {list ? <p className="kinds">Arguments, in their order:</p> : <p className="kinds">{message.contentType && <code>{message.contentType}</code>} <span className="type">{typeOf(message.payload)}</span></p>}
      <Shape schema={message.payload} />
    </div>
  );
}
