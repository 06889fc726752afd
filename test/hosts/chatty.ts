import type { HeartbeatOptions } from "../../src/options.ts";
import type { DeliveryRequest, RunRequest } from "../../src/vocabulary.ts";
import { testHeart } from "../support/world.ts";

export const D = "agent:main:discord:channel:42";
export const W = "agent:main:whatsapp:7";
export const discord = { channel: "discord", to: "42" };
export const telegram = { channel: "telegram", to: "100" };
export const exec = { source: "exec-event", reason: "exec-event" } as const;

export const says = (reply: string) => () => ({ status: "ran", reply }) as const;
/** The agent says what the newest event says. */
export const echoes = ({ events }: RunRequest) =>
  ({ status: "ran", reply: events.at(-1)?.text ?? "beat" }) as const;

/** A heart whose replies go out to a list. */
export function chatty(options: Partial<HeartbeatOptions> = {}, parts: Parameters<typeof testHeart>[1] = {}) {
  const sent: DeliveryRequest[] = [];
  const heart = testHeart({ deliver: (delivery) => void sent.push(delivery), ...options }, parts);
  const words = () => sent.map(({ sessionKey, route, text }) => [sessionKey, route["to"], text]);
  const fates = async () =>
    (await heart.heartbeat.read()).flatMap((record) =>
      record.type === "run.ran" ? [record.facts.delivery] : [],
    );
  return { ...heart, sent, words, fates };
}
