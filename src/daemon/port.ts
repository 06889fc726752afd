import { once } from "node:events";
import { createServer } from "node:net";
import { LubdubError } from "../errors.ts";

/**
 * Looks whether the port is free before anything begins, so that no agent is woken by a daemon that nobody can reach.
 * @throws LubdubError `LUBDUB_PORT_IN_USE`
 */
export async function ensurePortIsFree({
  host,
  port,
}: {
  readonly host: string;
  readonly port: number;
}): Promise<void> {
  const server = createServer();
  try {
    server.listen({ host, port, exclusive: true });
    await once(server, "listening");
  } catch (cause) {
    throw new LubdubError("LUBDUB_PORT_IN_USE", {
      expected: `to listen on ${host}:${port}`,
      got:
        cause instanceof Error && "code" in cause && cause.code === "EADDRINUSE"
          ? "a port in use"
          : String(cause),
      fix: "Stop the program that uses it (is it another `lubdub up`?), or choose another with --port.",
      cause,
    });
  }
  server.close();
  await once(server, "close");
}
