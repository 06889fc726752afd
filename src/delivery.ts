import { z } from "zod";
import type { VisibilityRules } from "./policy/visibility.ts";

/** How replies go out: what is said, where, and how often it is tried. */
export interface DeliveryOptions {
  /** Put before every message, and taken off before a reply is judged: up to 200 characters. @default none */
  readonly responsePrefix?: string;
  /** With `HEARTBEAT_OK`, so many further characters are still an acknowledgement: 0 to 10_000. @default 300 */
  readonly ackMaxChars?: number;
  /**
   * Where a reply goes that was asked for by the regular beat alone: to the session's last route, or nowhere. Replies to events
   * always find their way. @default "last"
   */
  readonly target?: "last" | "none";
  /** What is shown where: by `route.channel` and `route.account`. @default alerts are shown, acknowledgements are not */
  readonly visibility?: VisibilityRules;
  /** Deliveries being sent at a time, over all destinations; one destination gets one at a time: 1 to 1_000. @default 8 */
  readonly concurrency?: number;
  /** How long one try may take, in milliseconds: 1 to 3_600_000. @default 30_000 */
  readonly timeoutMs?: number;
  /** Tries before a delivery is dead: 1 to 1_000. @default 10 */
  readonly maxAttempts?: number;
  /** Pause after a failed try: it doubles up to `capMs`, with jitter. @default { baseMs: 1_000, capMs: 300_000 } */
  readonly backoff?: { readonly baseMs: number; readonly capMs: number };
  /** A delivery that could not be sent for so long is dead, in milliseconds: 1_000 to 2_592_000_000. @default 86_400_000 (a day) */
  readonly expireMs?: number;
}

const shown = (what: string) => z.boolean().optional().describe(`Whether ${what}.`);
const channel = {
  showOk: shown("acknowledgements are sent too (default: no)"),
  showAlerts: shown("alerts are sent (default: yes)"),
  useIndicator: shown("the end of a run says ok or alert in the log (default: yes)"),
};
const accounts = z
  .record(z.string(), z.strictObject(channel))
  .optional()
  .describe("By the account of the route; goes before its channel.");
const visibility = z.strictObject({
  defaults: z.strictObject(channel).optional().describe("Where nothing else is said."),
  channels: z
    .record(z.string(), z.strictObject({ ...channel, accounts }))
    .optional()
    .describe("By the channel of the route; goes before the defaults."),
});
const whole = (min: number, max: number) => z.number().int().min(min).max(max);

/** The same for the library and the configuration file. */
export const deliverySchema = z.strictObject({
  responsePrefix: z.string().max(200).default("").describe("Put before every message. Default: none."),
  ackMaxChars: whole(0, 10_000)
    .default(300)
    .describe("With HEARTBEAT_OK, so many further characters are still an acknowledgement. Default: 300."),
  target: z
    .enum(["last", "none"])
    .default("last")
    .describe(
      "Where a reply to the regular beat alone goes: the session's last route, or nowhere. Default: last.",
    ),
  visibility: visibility
    .prefault({})
    .describe("What is shown where: by the channel and account of the route. Default: alerts only."),
  concurrency: whole(1, 1_000).default(8).describe("Deliveries being sent at a time: 1 to 1000. Default: 8."),
  timeoutMs: whole(1, 3_600_000)
    .default(30_000)
    .describe("How long one try may take, in milliseconds: 1 to 3600000. Default: 30000."),
  maxAttempts: whole(1, 1_000)
    .default(10)
    .describe("Tries before a delivery is dead: 1 to 1000. Default: 10."),
  backoff: z
    .strictObject({
      baseMs: whole(1, 86_400_000).describe("After the first failed try, in milliseconds."),
      capMs: whole(1, 86_400_000).describe("The longest pause before jitter, in milliseconds."),
    })
    .default({ baseMs: 1_000, capMs: 300_000 })
    .describe("Pause after a failed try, in milliseconds: it doubles up to capMs. Default: 1000 to 300000."),
  expireMs: whole(1_000, 2_592_000_000)
    .default(86_400_000)
    .describe("What could not be sent for so long is dead, in milliseconds. Default: 86400000 (a day)."),
});

export type ResolvedDelivery = z.output<typeof deliverySchema>;
