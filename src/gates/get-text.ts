import { request as requestHttp, type IncomingMessage } from "node:http";
import { request as requestHttps } from "node:https";
import { keepHead } from "../agents/capture.ts";

/** One GET on a connection of its own: the status, and the beginning of the body. Redirects are not followed. */
export async function getText(
  url: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<{ readonly status: number; readonly text: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const send = new URL(url).protocol === "https:" ? requestHttps : requestHttp;
  send(url, { headers, agent: false, signal }).on("response", resolve).on("error", reject).end();
  const response = await promise;
  const kept = keepHead();
  for await (const chunk of response) kept.add(chunk as Buffer);
  return { status: response.statusCode ?? 0, text: kept.text() };
}
