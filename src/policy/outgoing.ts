import type { LastSaid, Outbox } from "../../machines/index.ts";
import type { Intent, ReplyFate, Route } from "../vocabulary.ts";
import { isDuplicate } from "./duplicates.ts";
import { judge, shownAck, type Reply, type ReplyPolicy } from "./replies.ts";
import { destinationOf, routeOf } from "./routes.ts";
import { visibilityOf, type VisibilityRules } from "./visibility.ts";

/** How replies are treated. */
export interface OutgoingPolicy extends ReplyPolicy {
  readonly target: "last" | "none";
  readonly visibility: VisibilityRules;
  /** Deliveries that a session may have on the way or dead. */
  readonly outboxMax: number;
}

/** What a reply is judged by. */
export interface OutgoingFacts {
  readonly reply: Reply;
  /** The run's batch, oldest first. */
  readonly events: readonly { readonly route?: Route }[];
  readonly intent: Intent;
  readonly outbox: Outbox | undefined;
  readonly atMs: number;
  /** A short name for a text, from which the text cannot be read. */
  readonly fingerprintOf: (text: string) => string;
}

/** What goes out. */
export interface Outgoing {
  readonly route: Route;
  readonly destination: string;
  readonly text: string;
  readonly media: readonly string[];
  /** Present when the same text is not to be said again there. */
  readonly said: Omit<LastSaid, "deliveryId"> | null;
}

/** What becomes of a reply. */
export interface Decision {
  readonly fate: ReplyFate;
  readonly indicator: "ok" | "alert" | null;
  /** Present when the fate is `queued`. */
  readonly outgoing: Outgoing | null;
}

/**
 * What becomes of a run's reply: all policies in one place, in this order: words, route, visibility, room, duplicates. Media
 * is no duplicate, and never dropped for its words.
 */
export function decide(facts: OutgoingFacts, policy: OutgoingPolicy): Decision {
  const { outbox, atMs } = facts;
  const verdict = judge(facts.reply, policy);
  const choice = routeOf({ ...facts, lastRoute: outbox?.route ?? undefined, target: policy.target });
  const { showOk, showAlerts, useIndicator } = visibilityOf(policy.visibility, choice.route);
  const silent = verdict.kind === "silent";
  const indicator = !useIndicator ? null : silent ? "ok" : "alert";
  const not = (fate: ReplyFate): Decision => ({ fate, indicator, outgoing: null });
  const shown = silent && showOk && (verdict.why === "ok-token" || verdict.why === "ok-empty");

  if (silent && !shown) return not(verdict.why);
  if (choice.route === null) return not(silent ? verdict.why : choice.why);
  if (!silent && !showAlerts) return not("alerts-disabled");
  if ((outbox?.deliveryIds.length ?? 0) >= policy.outboxMax) return not("outbox-full");
  const { route } = choice;
  const destination = destinationOf(route);
  const outgoing = { route, destination };
  if (silent)
    return {
      fate: "queued",
      indicator,
      outgoing: { ...outgoing, text: shownAck(policy), media: [], said: null },
    };
  const { text, media } = verdict;
  const said = media.length > 0 ? null : { destination, fingerprint: facts.fingerprintOf(text), atMs };
  if (said !== null && isDuplicate(outbox?.said ?? [], said)) return not("duplicate");
  return { fate: "queued", indicator, outgoing: { ...outgoing, text, media, said } };
}
