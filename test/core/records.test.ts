import { expect, test } from "vitest";
import {
  isDeliveryRecord,
  isRunEnd,
  isScheduleRecord,
  RECORD_TYPES,
  type LogRecord,
  type RecordType,
} from "../../src/core/records.ts";

/** What each record is about; complete, or it would not compile. */
const ABOUT: Readonly<Record<RecordType, "run end" | "schedule" | "delivery" | "other">> = {
  "event.queued": "other",
  "wake.requested": "other",
  "run.started": "other",
  "run.ran": "run end",
  "run.skipped": "run end",
  "run.failed": "run end",
  "wake.postponed": "other",
  "wake.held": "other",
  "wake.dropped": "other",
  "events.drained": "other",
  "events.requeued": "other",
  "events.dismissed": "other",
  "session.forgotten": "other",
  "schedule.set": "schedule",
  "schedule.fired": "schedule",
  "schedule.moved": "schedule",
  "schedule.paused": "schedule",
  "schedule.resumed": "schedule",
  "schedule.removed": "schedule",
  "route.noted": "other",
  "delivery.queued": "delivery",
  "delivery.started": "delivery",
  "delivery.sent": "delivery",
  "delivery.failed": "delivery",
  "delivery.expired": "delivery",
  "delivery.requeued": "delivery",
  "delivery.dismissed": "delivery",
};
/** The facts that tell: each record of a schedule, and of a delivery, says of which. */
const FACTS = {
  "run end": { runId: "r1" },
  schedule: { scheduleId: "s1" },
  delivery: { deliveryId: "d1" },
  other: {},
};

test("the names of all records are a storage format, and every one can be read back", () => {
  expect([...RECORD_TYPES].sort()).toEqual(Object.keys(ABOUT).sort());
});

test.each(Object.entries(ABOUT))("%s is about: %s", (type, about) => {
  const record = { type, facts: FACTS[about] } as LogRecord;
  expect([isRunEnd(record), isScheduleRecord(record), isDeliveryRecord(record)]).toEqual([
    about === "run end",
    about === "schedule",
    about === "delivery",
  ]);
});
