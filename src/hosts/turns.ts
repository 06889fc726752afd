import type { Heartbeat, TurnLease, TurnOptions } from "../api.ts";
import { parseSessionKey } from "../intake/parse.ts";
import type { Host } from "./host.ts";

/** A user's turns: they share the lane's lease with the heartbeat's runs, and go first. */
export function turnsOf(host: Host): Pick<Heartbeat, "withTurn" | "acquireTurn" | "isBusy" | "onIdle"> {
  const { world, leases, runner } = host;
  const laneOf = (key: string): string => world.laneOf(parseSessionKey(key));

  async function acquireTurn(key: string, { preempt = true, signal }: TurnOptions = {}): Promise<TurnLease> {
    host.guardRead();
    const lane = laneOf(key);
    const granted = leases.take(lane, signal);
    if (preempt) runner.abort("a user's turn goes first", lane);
    const giveBack = await granted;
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
