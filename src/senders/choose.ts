import { compilePattern } from "../policy/pattern.ts";
import { LubdubError, shown } from "../errors.ts";
import type { DeliverHandler, DeliveryRequest } from "../vocabulary.ts";

/** One line of the table that says how replies go out. */
export interface TargetRule {
  /** A session key in which each `*` stands for any characters. @default "*" */
  readonly match?: string;
  /** Fields that the route must have, each a pattern like `match`. @default any route */
  readonly route?: Readonly<Record<string, string>>;
  readonly deliver: DeliverHandler;
}

/**
 * One deliver function out of many: the first rule that fits the session key and the route. Without one the delivery is dead at
 * once, and can be requeued when there is one.
 */
export function chooseTarget(rules: readonly TargetRule[]): DeliverHandler {
  const compiled = rules.map(({ match = "*", route = {}, deliver }) => {
    const fields = Object.entries(route).map(([name, pattern]) => [name, compilePattern(pattern)] as const);
    const key = compilePattern(match);
    return {
      fits: (given: DeliveryRequest) =>
        key(given.sessionKey) &&
        fields.every(
          ([name, matches]) => Object.hasOwn(given.route, name) && matches(String(given.route[name])),
        ),
      deliver,
    };
  });
  return (delivery) => {
    const rule = compiled.find(({ fits }) => fits(delivery));
    if (rule !== undefined) return rule.deliver(delivery);
    const { message } = new LubdubError("LUBDUB_CONFIG_INVALID", {
      expected: "a target in `deliver` that fits",
      got: `the session ${shown(delivery.sessionKey)} with the route ${shown(JSON.stringify(delivery.route))}`,
      fix: "Add one, restart, and requeue what became dead.",
    });
    return { status: "failed", reason: message, retryable: false };
  };
}
