import { Buffer } from "node:buffer";
import type { HonoRequest, MiddlewareHandler } from "hono";
import { LubdubError, shown } from "../errors.ts";
import { JSON_DEPTH_MAX } from "./limits.ts";

const JSON_TYPE = /^application\/json\s*(?:;\s*charset\s*=\s*"?utf-8"?\s*)?$/i;

/** Only GET and DELETE come without a JSON type: a form or a plain text, which any page can send, changes nothing. */
function checkType(request: HonoRequest): void {
  const type = request.header("content-type");
  const encoding = request.header("content-encoding");
  if (request.method === "POST" && (type === undefined || !JSON_TYPE.test(type))) {
    throw unsupported("Content-Type: application/json", type === undefined ? "none" : shown(type));
  }
  if (encoding !== undefined && encoding !== "identity") {
    throw unsupported("a body without Content-Encoding", shown(encoding));
  }
}

/**
 * Reads the body of a POST once, for the routes: no further than its limit, also when it does not say how long it is.
 * Refuses what would be changed or not survive on its way: broken UTF-8, broken JSON, endless nesting.
 */
export function readJson(maxBytes: number): MiddlewareHandler {
  return async (context, next) => {
    checkType(context.req);
    if (context.req.method === "POST") {
      const bytes = await bytesOf(context.req, maxBytes);
      // No body stands for an empty object, so that `POST .../drain` needs none.
      const text = bytes.length === 0 ? "{}" : decode(bytes);
      if (isDeeper(parse(text), JSON_DEPTH_MAX)) {
        throw invalid(`JSON nested at most ${JSON_DEPTH_MAX} deep`, "deeper", "Send it as a string.");
      }
      // Hono keeps promises there, whatever the type says.
      context.req.bodyCache.text = Promise.resolve(text) as unknown as string;
    }
    await next();
  };
}

async function bytesOf(request: HonoRequest, maxBytes: number): Promise<Buffer> {
  const length = Number(request.header("content-length") ?? Number.NaN);
  if (length > maxBytes) throw tooLarge(maxBytes);
  // The parser of HTTP lets no more come than was announced. A stream would cost several times as much.
  if (length <= maxBytes) return Buffer.from(await request.raw.arrayBuffer());
  return readUpTo(maxBytes, request.raw.body);
}

async function readUpTo(maxBytes: number, body: ReadableStream<Uint8Array> | null): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body ?? []) {
    length += chunk.length;
    if (length > maxBytes) throw tooLarge(maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

const UTF8 = new TextDecoder("utf-8", { fatal: true });

function decode(bytes: Buffer): string {
  try {
    return UTF8.decode(bytes);
  } catch {
    throw invalid("a body in UTF-8", "other bytes", "Encode it as UTF-8.");
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalid("a body of JSON", shown(text), "Check its quotes and commas.");
  }
}

/** Whether something in it is nested deeper than so many levels; it goes no further than one of them more. */
function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  const items = Object.values(value) as unknown[];
  return levels === 0 ? items.length > 0 : items.some((item) => isDeeper(item, levels - 1));
}

function unsupported(expected: string, got: string): LubdubError {
  return new LubdubError("LUBDUB_UNSUPPORTED_TYPE", { expected, got, fix: "Send JSON, uncompressed." });
}

function invalid(expected: string, got: string, fix: string): LubdubError {
  return new LubdubError("LUBDUB_INPUT_INVALID", { expected, got, fix });
}

function tooLarge(maxBytes: number): LubdubError {
  return new LubdubError("LUBDUB_TOO_LARGE", {
    expected: `a body of at most ${maxBytes} bytes`,
    got: "a longer one",
    fix: "Keep large data elsewhere and put its address into the event.",
  });
}
