import type { DeliveryRequest } from "../../src/vocabulary.ts";

export function aDelivery(over: Partial<DeliveryRequest> = {}): DeliveryRequest {
  return {
    deliveryId: "d-3-cccccccc",
    sessionKey: "agent:main:discord:channel:42",
    runId: "r-2-bbbbbbbb",
    wakeId: "w-1-aaaaaaaa",
    route: { channel: "discord", to: "42" },
    text: "Disk full",
    media: [],
    attempt: 1,
    queuedAtMs: Date.UTC(2026, 10, 23, 12, 0, 0),
    signal: new AbortController().signal,
    ...over,
  };
}
