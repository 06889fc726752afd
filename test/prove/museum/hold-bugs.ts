import type { Bug } from "./bug.ts";

const HOLD = "src/policy/hold.ts";
const ATTRIBUTION = "src/run/attribution.ts";
const QUIET = "src/policy/quiet-hours.ts";

/** Bugs of what holds wakes back. */
export const HOLD_BUGS: readonly Bug[] = [
  {
    id: "hold-forgets-the-key",
    seen: "#14191, as it would be of a hold",
    file: "machines/pending.ts",
    find: "  const { hold: _hold, gate: _gate, ...rest } = wake;\n  return rest;\n",
    replace:
      '  const { hold: _hold, gate: _gate, ...rest } = wake;\n  return { ...rest, sessionKey: "agent:main:main" };\n',
  },
  {
    id: "quiet-hours-drop-the-wake",
    seen: "#14241, as it would be of quiet hours",
    file: "src/run/runner.ts",
    find: "    if (held !== null) return void journal.write(held);\n",
    replace:
      '    if (held?.facts.reason === "quiet-hours") return void journal.write({ type: "wake.dropped", sessionKey, facts: { wakeId, reason: "quiet-hours" }, body: null });\n    if (held !== null) return void journal.write(held);\n',
  },
  {
    id: "urgent-waits-for-the-window",
    seen: "problem 21",
    file: HOLD,
    find: 'quietUntil(sessionKey, passes(intent, "quiet-hours"), wallMs)',
    replace: "quietUntil(sessionKey, false, wallMs)",
  },
  {
    id: "window-that-follows-at-once-forgotten",
    seen: "problem 21",
    file: QUIET,
    find: "      longer = true;\n",
    replace: "      return untilMs;\n",
  },
  {
    id: "quiet-hours-for-everybody",
    seen: "problem 18",
    file: QUIET,
    find: "(strict || !urgent) && matches(sessionKey)",
    replace: "(strict || !urgent)",
  },
  {
    id: "quiet-hours-not-moved-by-a-clock-set-back",
    seen: "found by the simulator",
    file: "src/run/quiet-watch.ts",
    find: "        if (moved !== null) journal.write(moved);\n",
    replace: "",
  },
  {
    id: "limits-forget-what-a-busy-run-pushed-out",
    seen: "found by the simulator",
    file: HOLD,
    find: "Math.max(...floods) + concurrency",
    replace: "Math.max(...floods)",
  },
  {
    id: "cooldown-of-an-agent-for-one-session",
    seen: "problem 18, #79380",
    file: "src/run/limits.ts",
    find: "limits: { agent: options.agentOf(wake.sessionKey), ...counts }",
    replace: "limits: { agent: wake.sessionKey, ...counts }",
  },
  {
    id: "what-a-run-does-seems-to-come-from-outside",
    seen: "problem 1, #48746",
    file: ATTRIBUTION,
    find: "causeOf(named = going.getStore()) {",
    replace: "causeOf(named) {",
  },
  {
    id: "chain-of-runs-counted-from-the-last-restart",
    seen: "problem 1, as it would be of a cap in memory",
    file: ATTRIBUTION,
    find: `  const going = new AsyncLocalStorage<string>();
  return {
    during: (runId, fn) => going.run(runId, fn),
    causeOf(named = going.getStore()) {
      return named === undefined ? undefined : { runId: named, depth: depthOf(store, named) + 1 };
`,
    replace: `  const going = new AsyncLocalStorage<string>();
  const seen = new Set<string>();
  return {
    during: (runId, fn) => (seen.add(runId), going.run(runId, fn)),
    causeOf(named = going.getStore()) {
      return named === undefined ? undefined : { runId: named, depth: seen.has(named) ? depthOf(store, named) + 1 : 1 };
`,
  },
  {
    id: "self-wake-loop",
    seen: "problem 1, #75436",
    file: "src/run/limits.ts",
    find: "      ...(depth > 0 && { depth }),\n",
    replace: "",
  },
  {
    id: "something-from-outside-does-not-end-a-chain",
    seen: "problem 1, as it would be of a cap that holds for ever",
    file: "src/run/limits.ts",
    find: "    depth = Math.min(depth, event.cause?.depth ?? 0);\n",
    replace: "",
  },
  {
    id: "breaker-never-closes",
    seen: "problem 20, #20341",
    file: "machines/agent.ts",
    find: "({ ...withTally(context, event), breaker: null })",
    replace: "({ ...withTally(context, event) })",
  },
  {
    id: "breaker-drops-what-waits",
    seen: "problem 20, #69434",
    file: "src/core/step.ts",
    find: "givenUp: record.facts.dueAtMs === null,",
    replace: "givenUp: record.facts.dueAtMs === null || record.facts.class !== undefined,",
  },
  {
    id: "refusal-uses-up-an-attempt",
    seen: "problem 20, #69434",
    file: "machines/heartbeat.ts",
    find: 'held(wake, { hold: "circuit-open", dueAtMs })',
    replace: 'held({ ...wake, attempts: wake.attempts + 1 }, { hold: "circuit-open", dueAtMs })',
  },
  {
    id: "all-try-a-refusing-agent-at-once",
    seen: "problem 20, #20341",
    file: "src/policy/breaker.ts",
    find: "if (untilMs <= nowMs && !isTried) return null;",
    replace: "if (untilMs <= nowMs) return null;",
  },
  {
    id: "agent-that-rests-forgotten-at-restart",
    seen: "problem 20, as it would be of a breaker in memory",
    file: "src/core/world.ts",
    find: 'agentActor(key, source("agent", key)?.state)',
    replace: "agentActor(key)",
  },
  {
    id: "day-of-a-budget-ends-at-midnight-of-another-place",
    seen: "problem 19",
    file: "src/policy/hold.ts",
    find: 'calendar("0 0 * * *", limits.zone ?? "UTC")',
    replace: 'calendar("0 0 * * *", "UTC")',
  },
  {
    id: "budget-not-renewed-at-midnight",
    seen: "problem 19",
    file: "machines/tally.ts",
    find: "tally?.day?.endsAtMs === endsAtMs ? tally.day :",
    replace: "tally?.day !== undefined ? { ...tally.day, endsAtMs } :",
  },
  {
    id: "budget-given-back-by-a-clock-set-back",
    seen: "found by the simulator",
    file: "src/policy/hold.ts",
    find: "const begunMs = begunDay?.() ?? -Infinity;",
    replace: "const begunMs = -Infinity;",
  },
  {
    id: "run-of-yesterday-given-back-to-today",
    seen: "problem 19",
    file: "machines/tally.ts",
    find: "const isOfDay = at >= tally.starts.length - day.runs;",
    replace: "const isOfDay = at >= 0;",
  },
  {
    id: "tokens-of-today-spent-on-yesterday",
    seen: "problem 19",
    file: "machines/tally.ts",
    find: "dayEndsAtMs === undefined ? tally.day : dayOf(tally, dayEndsAtMs);",
    replace: "dayEndsAtMs === undefined || tally.day !== undefined ? tally.day : dayOf(tally, dayEndsAtMs);",
  },
  {
    id: "what-a-day-has-spent-forgotten-at-restart",
    seen: "problem 19",
    file: "src/core/actor.ts",
    find: "return JSON.stringify({ value: actor.value, context: actor.context });",
    replace:
      'const { value, context } = actor;\n  return JSON.stringify({ value, context }, (key, held: unknown) => (key === "day" ? undefined : held));',
  },
];
