import { z } from "zod";
import type { Happening, Imagined, WhatIf, WhatIfOptions } from "../past.ts";
import { deadlineOf } from "../core/deadline.ts";
import { whyOf } from "../core/why.ts";
import { LubdubError, shown } from "../errors.ts";
import { parseEvent, parseSessionKey, parseWake } from "../intake/parse.ts";
import { settleRun } from "../run/run-end.ts";
import { checked } from "../run/attempt.ts";
import type { Host } from "./host.ts";
import { Imaginary } from "./imaginary.ts";
import { checkPosition } from "./past.ts";
import { stepOf } from "./steps.ts";

const HAPPENINGS_MAX = 50;
const PASS_MS_MAX = 31_536_000_000;
/** Deadlines that may pass in one happening: a wake that is held again and again must not hold up the process. */
const DEADLINES_MAX = 100;

const said = {
  source: z.string().optional(),
  intent: z.string().optional(),
  reason: z.string().optional(),
  coalesceMs: z.number().optional(),
};
/** Shapes only: texts, times and routes are the intake's to check, as they are live. */
const happeningsSchema = z
  .array(
    z.discriminatedUnion("type", [
      z.strictObject({
        type: z.literal("event.queued"),
        text: z.string(),
        ...said,
        trust: z.string().optional(),
        contextKey: z.string().optional(),
        route: z.unknown().optional(),
      }),
      z.strictObject({ type: z.literal("wake.requested"), ...said }),
      z.strictObject({
        type: z.literal("time.passed"),
        byMs: z.number().int().min(0).max(PASS_MS_MAX).optional(),
      }),
      z.strictObject({ type: z.literal("run.answered"), outcome: z.looseObject({ status: z.string() }) }),
    ]),
  )
  .min(1)
  .max(HAPPENINGS_MAX);

/**
 * What would have come of it, if something else had happened at a past position. Pure: it reads the store, and changes neither
 * the log nor anything that lives.
 * @throws LubdubError `LUBDUB_INPUT_INVALID`, `LUBDUB_SESSION_KEY_INVALID`
 */
export async function whatIf(
  host: Host,
  { sessionKey, position, happenings }: WhatIfOptions,
): Promise<WhatIf> {
  const key = parseSessionKey(sessionKey);
  checkPosition(host, position);
  const wanted = parsed(happenings);
  const imaginary = await Imaginary.at(host, position, key);
  const { past } = imaginary;
  const imagined = wanted.map((happening): Imagined => {
    const refused = attempt(() => happen(imaginary, key, happening));
    return {
      happening,
      atMs: imaginary.nowMs,
      steps: imaginary.take().map(({ record, moves }) => stepOf(past, key, record, moves)),
      why: whyIn(imaginary, key),
      ...(refused && { refused }),
    };
  });
  const { world, lane } = past;
  const states = {
    session: world.session(key).actor.value,
    heartbeat: world.heartbeat(lane).actor.value,
  };
  return { position, lane, imagined, states };
}

function parsed(happenings: unknown): readonly Happening[] {
  const result = happeningsSchema.safeParse(happenings);
  if (result.success) return result.data as unknown as readonly Happening[];
  const [issue] = result.error.issues;
  throw new LubdubError("LUBDUB_INPUT_INVALID", {
    expected: `\`happenings\`${(issue?.path ?? []).map((name) => `.${String(name)}`).join("")} to be right (1 to ${HAPPENINGS_MAX} happenings)`,
    got: shown(issue?.message ?? "something else"),
  });
}

/** What a live caller would be told as an error is part of the answer. */
function attempt(work: () => void): Imagined["refused"] {
  try {
    work();
    return undefined;
  } catch (error) {
    if (!(error instanceof LubdubError) || error.code === "LUBDUB_INTERNAL") throw error;
    return { code: error.code, message: error.message };
  }
}

function happen(imaginary: Imaginary, sessionKey: string, happening: Happening): void {
  switch (happening.type) {
    case "event.queued": {
      const { type: _type, text, ...options } = happening;
      imaginary.intake.queue(parseEvent(text, { ...options, sessionKey }), true);
      return imaginary.startDue();
    }
    case "wake.requested": {
      const { type: _type, ...options } = happening;
      imaginary.intake.request(parseWake({ ...options, sessionKey }));
      return imaginary.startDue();
    }
    case "time.passed":
      return pass(imaginary, happening.byMs);
    case "run.answered":
      return answer(imaginary, happening.outcome);
  }
}

/** Goes from deadline to deadline, as far as the time reaches; without one, to the first. */
function pass(imaginary: Imaginary, byMs: number | undefined): void {
  const endMs = byMs === undefined ? null : imaginary.nowMs + byMs;
  for (let passed = 0; passed < DEADLINES_MAX; passed += 1) {
    const dueAtMs = nextDeadline(imaginary);
    if (endMs === null && dueAtMs === null) {
      throw new LubdubError("LUBDUB_INPUT_INVALID", {
        expected: "a deadline that time could pass to",
        got: "a lane in which nothing is pending",
      });
    }
    if (dueAtMs === null || (endMs !== null && dueAtMs > endMs)) break;
    imaginary.nowMs = Math.max(imaginary.nowMs, dueAtMs);
    timeIsUp(imaginary);
    imaginary.startDue();
    if (endMs === null) return;
  }
  if (endMs !== null) imaginary.nowMs = Math.max(imaginary.nowMs, endMs);
}

/** Of the lane: when its next wake is due, or when the time of its run is up. */
function nextDeadline({ past, settling }: Imaginary): number | null {
  const { actor } = past.world.heartbeat(past.lane);
  const { run } = actor.context;
  if (run === null) return deadlineOf(actor);
  return run.startedAtMs + (run.wake.overrides?.timeoutMs ?? settling.options.runTimeoutMs);
}

function timeIsUp(imaginary: Imaginary): void {
  const { past, settling, nowMs } = imaginary;
  const { run } = past.world.heartbeat(past.lane).actor.context;
  if (run === null || (nextDeadline(imaginary) ?? 0) > nowMs) return;
  const reason = "the run did not end in its time";
  const outcome = { status: "failed", reason, code: "LUBDUB_RUN_TIMEOUT" } as const;
  settleRun(settling, { lane: past.lane, run, outcome, durationMs: nowMs - run.startedAtMs });
}

function answer(imaginary: Imaginary, outcome: unknown): void {
  const { past, settling, nowMs } = imaginary;
  const { run } = past.world.heartbeat(past.lane).actor.context;
  if (run === null) {
    throw new LubdubError("LUBDUB_INPUT_INVALID", {
      expected: "a run that could answer",
      got: "a lane in which none is going on",
    });
  }
  const durationMs = nowMs - run.startedAtMs;
  settleRun(settling, { lane: past.lane, run, outcome: checked(outcome), durationMs });
  imaginary.startDue();
}

function whyIn({ past, nowMs }: Imaginary, sessionKey: string): Imagined["why"] {
  const { world, lane } = past;
  return whyOf(world.session(sessionKey).actor.context, lane, world.heartbeat(lane).actor, {
    nowMs,
    userTurn: false,
    slotsFree: true,
    stopping: false,
    failure: null,
  });
}
