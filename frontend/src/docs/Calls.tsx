import { curl, nameOf, typeOf, type Answer, type OpenAPI, type Operation, type Parameter } from "./spec";
import { Entry } from "./Entry";
import { Field, Schemas, Shape } from "./Fields";
import { Line, Words } from "./Words";

const methods = ["get", "post", "put", "patch", "delete", "head", "options"];

export interface Call {
  method: string;
  path: string;
  operation: Operation;
}

/** All calls, by the first of their tags. */
export function callsOf(document: OpenAPI): Map<string, Call[]> {
  const groups = new Map<string, Call[]>(document.tags.map((tag) => [tag.name, []]));
  for (const [path, item] of Object.entries(document.paths)) {
    for (const method of methods) {
      const operation = item[method];
      if (operation) groups.get(operation.tags[0]!)?.push({ method, path, operation });
    }
  }
  return groups;
}

/** Every call over HTTP. */
export function Calls({ document, wanted, fits }: { document: OpenAPI; wanted: string; fits: (words: string) => boolean }) {
  return (
    <Schemas value={document.components.schemas}>
      <Words text={document.info.description} />
      {[...callsOf(document)].map(([tag, calls]) => {
        const shown = calls.filter((c) => fits(`${c.method} ${c.path} ${c.operation.summary} ${c.operation.operationId}`));
        return shown.length > 0 && (
          <section key={tag} aria-labelledby={`tag-${tag}`}>
            <h2 id={`tag-${tag}`}>{tag}</h2>
            <p className="lead"><Line text={document.tags.find((t) => t.name === tag)?.description ?? ""} /></p>
            {shown.map((call) => <One key={call.operation.operationId} call={call} document={document} wanted={wanted} />)}
          </section>
        );
      })}
    </Schemas>
  );
}

function One({ call: { method, path, operation: o }, document, wanted }: { call: Call; document: OpenAPI; wanted: string }) {
  return (
    <Entry
      id={o.operationId}
      open={wanted === o.operationId}
      head={<><span className={`method ${method}`}>{method}</span><code className="path">{path}</code><span className="summary">{o.summary}</span></>}
    >
      <Words text={o.description} />
      <p className="who"><b>Who</b> <Who operation={o} /></p>
      <pre><code>{curl(method, path, o)}</code></pre>
      <Parameters list={o.parameters ?? []} />
      {o.requestBody && (
        <>
          <h4>Body{o.requestBody.required ? "" : ", optional"}</h4>
          <Contents content={o.requestBody.content} />
        </>
      )}
      <h4>Answers</h4>
      {Object.entries(o.responses).map(([status, answer]) => <Answered key={status} status={status} answer={answer} document={document} />)}
    </Entry>
  );
}

function Who({ operation: o }: { operation: Operation }) {
  const ways = o.security.map((s) => Object.keys(s)[0]);
  if (ways.length === 0) return "anybody; no token is needed.";
  const others = ways.filter((way) => way !== "bearer").map((way) => (way === "signature" ? "who has a signed URL of it" : "who has a one-time ticket"));
  const roles = o["x-roles"] ?? [];
  return [roles.length === 4 || roles.length === 0 ? "every member" : roles.join(", "), ...others].join("; ") + ".";
}

const places: Record<string, string> = { path: "In the path", query: "In the query", header: "Headers" };

function Parameters({ list }: { list: Parameter[] }) {
  return Object.entries(places).map(([where, title]) => {
    const here = list.filter((p) => p.in === where);
    return here.length > 0 && (
      <div key={where}>
        <h4>{title}</h4>
        <ul className="fields">
          {here.map((p) => <li key={p.name}><Field name={p.name} schema={{ ...p.schema, description: p.description }} needed={p.required ?? false} /></li>)}
        </ul>
      </div>
    );
  });
}

function Contents({ content }: { content: NonNullable<Answer["content"]> }) {
  const kinds = Object.keys(content);
  const schema = content[kinds[0]!]?.schema;
  return (
    <>
      <p className="kinds"><code>{kinds.join(", ")}</code>{schema && <> <span className="type">{typeOf(schema)}</span></>}</p>
      {schema && <Shape schema={schema} />}
    </>
  );
}

function Answered({ status, answer, document }: { status: string; answer: Answer; document: OpenAPI }) {
  const whole = answer.$ref ? document.components.responses[nameOf(answer.$ref)] ?? {} : answer;
  const good = status < "400";
  const headers = Object.keys(whole.headers ?? {});
  return (
    <details className={good ? "answer good" : "answer"}>
      <summary><b>{status}</b> <Line text={whole.description ?? ""} /></summary>
      {headers.length > 0 && (
        <ul className="fields">
          {headers.map((name) => <li key={name}><Field name={name} schema={{ type: "header", description: document.components.headers[name]?.description }} needed /></li>)}
        </ul>
      )}
      {whole.content ? <Contents content={whole.content} /> : <p className="meaning">No body.</p>}
    </details>
  );
}
