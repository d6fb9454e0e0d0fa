/** What this page reads of a JSON Schema, as the server's documents have it. */
export interface Schema {
  $ref?: string;
  type?: string | string[];
  description?: string;
  format?: string;
  enum?: string[];
  const?: unknown;
  required?: string[];
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
  items?: Schema | Schema[];
  allOf?: Schema[];
  anyOf?: Schema[];
  contentMediaType?: string;
}

export interface Parameter {
  name: string;
  in: string;
  required?: boolean;
  description?: string;
  schema: Schema;
}

type Content = Record<string, { schema?: Schema }>;

export interface Answer {
  $ref?: string;
  description?: string;
  headers?: Record<string, unknown>;
  content?: Content;
}

export interface Operation {
  operationId: string;
  tags: string[];
  summary: string;
  description?: string;
  parameters?: Parameter[];
  requestBody?: { required?: boolean; content: Content };
  responses: Record<string, Answer>;
  security: Record<string, string[]>[];
  "x-roles"?: string[];
}

export interface Info {
  title: string;
  version: string;
  description: string;
}

interface Components {
  schemas: Record<string, Schema>;
}

export interface OpenAPI {
  info: Info;
  tags: { name: string; description: string }[];
  paths: Record<string, Record<string, Operation>>;
  components: Components & { responses: Record<string, Answer>; headers: Record<string, { description: string }> };
}

export interface Message {
  name: string;
  summary?: string;
  contentType?: string;
  payload: Schema;
}

interface Reference {
  $ref: string;
}

export interface Channel {
  address: string;
  title: string;
  description: string;
  messages: Record<string, Reference>;
  parameters?: Record<string, { description: string }>;
  bindings?: { ws?: { query?: Schema; headers?: Schema } };
  "x-query"?: Record<string, Schema>;
  "x-headers"?: Record<string, Schema>;
}

export interface AsyncAPI {
  info: Info;
  channels: Record<string, Channel>;
  operations: Record<string, { action: "send" | "receive"; channel: Reference; summary: string; messages: Reference[]; reply?: { messages: Reference[] } }>;
  components: Components & { messages: Record<string, Message> };
}

/** The last name of a reference. */
export const nameOf = (ref: string) => ref.slice(ref.lastIndexOf("/") + 1);

/** Follows references, and the single allOf around one that has words of its own. */
export function resolve(schema: Schema, all: Record<string, Schema>): Schema {
  if (schema.$ref) return resolve(all[nameOf(schema.$ref)] ?? {}, all);
  if (schema.allOf) return schema.allOf.map((part) => resolve(part, all)).reduce((a, b) => ({ ...a, ...b, properties: narrowed(a.properties, b.properties) }));
  const others = schema.anyOf?.filter((part) => part.type !== "null");
  if (others?.length === 1) return resolve(others[0]!, all);
  return schema;
}

function narrowed(a: Schema["properties"] = {}, b: Schema["properties"] = {}) {
  const out = { ...a };
  for (const [name, schema] of Object.entries(b)) out[name] = { ...schema, description: schema.description ?? a[name]?.description };
  return out;
}

/** A type in few words, as "VideoDocument or null". */
export function typeOf(schema: Schema): string {
  if (schema.$ref) return nameOf(schema.$ref);
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.allOf) return typeOf(schema.allOf[0]!);
  if (schema.anyOf) return schema.anyOf.map(typeOf).join(" or ");
  if (schema.enum) return schema.enum.length > 6 ? "string" : schema.enum.map((word) => JSON.stringify(word)).join(" | ");
  const kinds = [schema.type ?? "any"].flat().map((kind) => {
    if (kind === "array") return Array.isArray(schema.items) ? "list" : schema.items ? `${bracketed(typeOf(schema.items))}[]` : "array";
    if (kind === "object" && typeof schema.additionalProperties === "object") return `map of ${typeOf(schema.additionalProperties)}`;
    return kind === "string" && schema.format === "date-time" ? "time" : kind;
  });
  return kinds.join(" or ");
}

const bracketed = (words: string) => (words.includes(" ") ? `(${words})` : words);

/** The schema within: an array's items, a map's values. */
export function inner(schema: Schema, all: Record<string, Schema>): Schema {
  const found = resolve(schema, all);
  if (found.items && !Array.isArray(found.items)) return inner(found.items, all);
  if (typeof found.additionalProperties === "object") return inner(found.additionalProperties, all);
  return found;
}

/** A call as it can be pasted into a shell. */
export function curl(method: string, path: string, o: Operation): string {
  const words = ["curl", method !== "get" ? `-X ${method.toUpperCase()}` : "", `"$REELROOM${path.replace(/\{(\w+)\}/g, (_, name: string) => `$${name.toUpperCase()}`)}"`];
  if (o.security.some((s) => "bearer" in s)) words.push('-H "Authorization: Bearer $TOKEN"');
  const kind = Object.keys(o.requestBody?.content ?? {})[0];
  if (kind === "multipart/form-data") words.push(`-F ${o.operationId === "uploadBatch" ? "files" : "file"}=@video.mp4`);
  else if (kind) words.push(`-H "Content-Type: ${kind}"`, kind.includes("json") ? "-d @body.json" : "--data-binary @video.mp4");
  return words.filter(Boolean).join(" ");
}
