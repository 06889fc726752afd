import type { Heartbeat, TurnLease, TurnOptions } from "../api.ts";
import { parseRoute, parseSessionKey } from "../intake/parse.ts";
import { destinationOf } from "../policy/routes.ts";
import type { Route } from "../vocabulary.ts";
import type { Host } from "./host.ts";

/**
 * Remembers where the user is, if that is news. It needs no commit of its own: a route that is lost with the process was
 * the turn's, and the turn is lost with it.
 */
function noteRoute({ world, journal }: Host, sessionKey: string, route: Route): void {
  const known = world.peekSession(sessionKey).actor.context.outbox?.route;
  if (known != null && destinationOf(known) === destinationOf(route)) return;
  journal.write({ type: "route.noted", sessionKey, facts: { route }, body: null });
}

/** A user's turns: they share the lane's lease with the heartbeat's runs, and go first. */
export function turnsOf(host: Host): Pick<Heartbeat, "withTurn" | "acquireTurn" | "isBusy" | "onIdle"> {
  const { world, leases, runner } = host;
  const laneOf = (key: string): string => world.laneOf(parseSessionKey(key));

  async function acquireTurn(
    key: string,
    { preempt = true, signal, route }: TurnOptions = {},
  ): Promise<TurnLease> {
    host.guardRead();
    const lane = laneOf(key);
    const noted = route === undefined ? null : parseRoute(route);
    const granted = leases.take(lane, signal);
    if (preempt) runner.abort("a user's turn goes first", lane);
    const giveBack = await granted;
    try {
      if (noted !== null) noteRoute(host, key, noted);
    } catch (error) {
      giveBack();
      throw error;
    }
    const release = (): void => {
      giveBack();
      runner.idle(lane, key);
    };
    return { sessionKey: key, lane, release, [Symbol.asyncDispose]: async () => release() };
  }
  return {
    acquireTurn,
    async withTurn(key, fn, turn) {
      const lane = laneOf(key);
      if (leases.isInside(lane)) return fn();
      await using _lease = await acquireTurn(key, turn);
      return await leases.inside(lane, fn);
    },
    isBusy: async (key) => leases.isHeld(laneOf(key)),
    onIdle(key, callback) {
      const lane = laneOf(key);
      if (leases.isHeld(lane)) return leases.onIdle(lane, callback);
      callback();
      return () => {};
    },
  };
}
