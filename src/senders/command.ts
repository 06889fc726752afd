import { failureOf, runChild, type ChildEnd, type CommandOptions } from "../agents/child.ts";
import { checkCommand } from "../gates/startable.ts";
import type { DeliverHandler, DeliveryOutcome, DeliveryRequest } from "../vocabulary.ts";

/**
 * Sends replies by a command: the text on its stdin; `LUBDUB_DELIVERY_ID`, `LUBDUB_SESSION_KEY`, `LUBDUB_RUN_ID`,
 * `LUBDUB_WAKE_ID`, `LUBDUB_ATTEMPT`, the route as JSON in `LUBDUB_ROUTE` and field by field as `LUBDUB_ROUTE_CHANNEL` and
 * so on, and media as a JSON list in `LUBDUB_MEDIA`. Exit code 0 is sent, anything else is tried again.
 *
 * @throws LubdubError `LUBDUB_CONFIG_INVALID` when there is no such folder or program
 * @example commandSender({ argv: ["./say.sh"], timeoutMs: 30_000 })
 */
export function commandSender(options: CommandOptions): DeliverHandler {
  checkCommand(options, "a target");
  return async (delivery) => {
    const { text, signal } = delivery;
    return meaningOf(await runChild(options, { stdin: text, variables: variables(delivery), signal }));
  };
}

function meaningOf(end: ChildEnd): DeliveryOutcome {
  switch (end.how) {
    case "aborted":
      return { status: "failed", reason: "The command was stopped: its time was over." };
    case "too-slow":
    case "not-started":
      return { status: "failed", reason: end.reason };
    case "killed":
      return { status: "failed", reason: failureOf(end) };
    case "exited":
      return end.code === 0 ? { status: "sent" } : { status: "failed", reason: failureOf(end) };
  }
}

function variables(delivery: DeliveryRequest): NodeJS.ProcessEnv {
  const { deliveryId, sessionKey, runId, wakeId, attempt, route, media } = delivery;
  const fields = Object.entries(route)
    .map(([name, value]) => [name.replaceAll(/[^A-Za-z0-9]/g, "_").toUpperCase(), value] as const)
    .filter(([, value]) => !value.includes("\0"));
  return {
    ...Object.fromEntries(fields.map(([name, value]) => [`LUBDUB_ROUTE_${name}`, value])),
    LUBDUB_ROUTE: JSON.stringify(route),
    LUBDUB_MEDIA: JSON.stringify(media),
    LUBDUB_DELIVERY_ID: deliveryId,
    LUBDUB_SESSION_KEY: sessionKey,
    LUBDUB_RUN_ID: runId,
    LUBDUB_WAKE_ID: wakeId,
    LUBDUB_ATTEMPT: String(attempt),
  };
}
