import type { Bug } from "./bug.ts";

const COURIER = "src/run/courier.ts";
const HOST = "src/hosts/embedded.ts";
const ROUTES = "src/policy/routes.ts";

/** Bugs of replies that go out. */
export const DELIVERY_BUGS: readonly Bug[] = [
  {
    id: "reply-goes-where-an-older-event-came-from",
    seen: "problem 32, #146876",
    file: ROUTES,
    find: "events.findLast(",
    replace: "events.find(",
  },
  {
    id: "last-route-not-asked-for",
    seen: "problem 32, #73900",
    file: ROUTES,
    find: 'return lastRoute === undefined ? { route: null, why: "no-target" } : { route: lastRoute };',
    replace: 'return { route: null, why: "no-target" };',
  },
  {
    id: "route-kept-by-a-forgotten-session",
    seen: "found by the simulator",
    file: "machines/session.ts",
    find: "        outbox: undefined,\n",
    replace: "",
  },
  {
    id: "forgotten-delivery-stays-in-line",
    seen: "found by the simulator",
    file: "src/run/journal.ts",
    find: "for (const place of places) touched(place);",
    replace:
      'for (const [at, place] of places.entries()) if (at === 0 || place.kind !== "delivery") touched(place);',
  },
  {
    id: "stuck-target-blocks-a-heartbeat",
    seen: "problem 5, #79258",
    file: HOST,
    find: "        this.runner.startDue();\n",
    replace: "        if (this.courier.inFlight === 0) this.runner.startDue();\n",
  },
  {
    id: "dead-delivery-blocks-its-line",
    seen: "problem 5, #79258",
    file: COURIER,
    find: 'value === "ended" || value === "dead" ||',
    replace: 'value === "ended" ||',
  },
  {
    id: "interrupted-delivery-not-taken-up",
    seen: "problem 3, #51620",
    file: COURIER,
    find: "this.#settle(this.#unread.get(deliveryId) ?? left);",
    replace: "if (this.#unread.has(deliveryId)) this.#settle(this.#unread.get(deliveryId) ?? left);",
  },
  {
    id: "deliveries-lost-at-restart",
    seen: "problem 3, #51620",
    file: HOST,
    find: "this.courier.recover(openDeliveries(store, world));",
    replace: "",
  },
  {
    id: "reply-lost-with-a-full-disk",
    seen: "problem 3, #51620",
    file: "src/run/runner.ts",
    find: "this.#unsettled.push(ended);",
    replace: 'this.#unsettled.push({ ...ended, outcome: { ...ended.outcome, reply: "" } as never });',
  },
  {
    id: "end-of-a-try-lost-with-a-full-disk",
    seen: "problem 3, #51620",
    file: COURIER,
    find: "this.#unsettled.push(ended);",
    replace: "",
  },
  {
    id: "pause-over-before-it-is-written",
    seen: "found by the simulator",
    file: COURIER,
    find: "const facts = { nowMs: clock.nowMs(), random: clock.random(), policy",
    replace: "const facts = { nowMs: ended.endedAtMs, random: clock.random(), policy",
  },
  {
    id: "tries-of-a-delivery-not-counted",
    seen: "problem 5, #83184",
    file: "machines/delivery.ts",
    find: "attempts: context.attempts + 1, startedAtMs",
    replace: "startedAtMs",
  },
  {
    id: "newest-delivery-first",
    seen: "reliability note S10",
    file: "src/run/lines.ts",
    find: "else line.push(deliveryId);",
    replace: "else line.unshift(deliveryId);",
  },
  {
    id: "place-in-line-forgotten-at-restart",
    seen: "found by the simulator",
    file: COURIER,
    find: "a.previous - b.previous",
    replace: "b.previous - a.previous",
  },
];
