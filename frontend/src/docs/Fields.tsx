import { createContext, useContext, useState } from "react";
import { inner, resolve, typeOf, type Schema } from "./spec";
import { Line } from "./Words";

/** The schemas that references point to. */
export const Schemas = createContext<Record<string, Schema>>({});

/** What is in a schema: fields, values, or the places of a list. */
export function Shape({ schema }: { schema: Schema }) {
  const all = useContext(Schemas);
  const whole = resolve(schema, all);
  if (Array.isArray(whole.items)) {
    return (
      <ol className="places">
        {whole.items.map((item, i) => <li key={i}><Field name="" schema={item} needed open={i === 0} /></li>)}
      </ol>
    );
  }
  const within = inner(schema, all);
  if (within.anyOf) return <ul className="fields">{within.anyOf.map((part, i) => <li key={i}><Field name="" schema={part} needed /></li>)}</ul>;
  if (within.properties) {
    return (
      <ul className="fields">
        {Object.entries(within.properties).map(([name, field]) => (
          <li key={name}><Field name={name} schema={field} needed={within.required?.includes(name) ?? false} /></li>
        ))}
      </ul>
    );
  }
  if (within.enum) return <p className="values">{within.enum.map((word) => <code key={word}>{word}</code>)}</p>;
  return null;
}

/** One field: its name and type, what it means, and what is in it when it is opened. */
export function Field({ name, schema, needed, open = false }: { name: string; schema: Schema; needed: boolean; open?: boolean }) {
  const all = useContext(Schemas);
  const [seen, setSeen] = useState(open);
  const within = inner(schema, all);
  const words = schema.description ?? (schema.$ref || schema.anyOf ? within.description : undefined);
  const head = (
    <>
      {name && <code className="field">{name}</code>} <span className="type">{typeOf(schema)}</span>
      {!needed && <span className="optional">optional</span>}
    </>
  );
  const meaning = words && <p className="meaning"><Line text={words} /></p>;
  const more = within.properties || within.anyOf || (within.enum && within.enum.length > 6) || (within.enum && (schema.$ref || schema.allOf || schema.anyOf));
  if (!more) return <div>{head}{meaning}</div>;
  return (
    <details open={open} onToggle={(e) => e.currentTarget.open && setSeen(true)}>
      <summary>{head}{meaning}</summary>
      {seen && <Shape schema={schema} />}
    </details>
  );
}
