import type { DeliveryRecord, LogRecord } from "../../core/records.ts";
import type { Receipt } from "../../vocabulary.ts";
import { Action } from "../parts/action.tsx";
import { call } from "../shell/api.ts";

interface DoneProps {
  /** The page is to show what has changed. */
  readonly done: () => void;
}

/** What can be done about an event that was given up. */
export function DeadEvent({
  receipt: { eventId, settlement },
  done,
}: DoneProps & { readonly receipt: Receipt }) {
  if (eventId === undefined || settlement !== "dead") return null;
  return <DeadActions id={eventId} what="This event was given up." requeue="Requeue" done={done} />;
}

/** What can be done about replies that could not be delivered. */
export function DeadDelivery({ records, done }: DoneProps & { readonly records: readonly LogRecord[] }) {
  return (
    <>
      {deadDeliveries(records).map((id) => (
        <DeadActions
          key={id}
          id={id}
          what={`The reply ${id} was not delivered.`}
          requeue="Send again"
          done={done}
        />
      ))}
    </>
  );
}

interface DeadActionsProps extends DoneProps {
  readonly id: string;
  readonly what: string;
  readonly requeue: string;
}

function DeadActions({ id, what, requeue, done }: DeadActionsProps) {
  const act = async (name: "requeue" | "dismiss"): Promise<void> => {
    await call(`/v1/dead/${encodeURIComponent(id)}/${name}`, { body: {} });
    done();
  };
  return (
    <p class="facts given-up">
      <span>{what}</span>
      <Action label={requeue} run={() => act("requeue").then(() => "put back")} />
      <Action
        label="Dismiss"
        confirm="Give it up for good?"
        run={() => act("dismiss").then(() => "dismissed")}
      />
    </p>
  );
}

function deadDeliveries(records: readonly LogRecord[]): readonly string[] {
  const newest = new Map<string, DeliveryRecord>();
  for (const record of records)
    if ("deliveryId" in record.facts) newest.set(record.facts.deliveryId, record as DeliveryRecord);
  return [...newest].filter(([, record]) => isDead(record)).map(([id]) => id);
}

const isDead = (record: DeliveryRecord): boolean =>
  record.type === "delivery.expired" || (record.type === "delivery.failed" && record.facts.dueAtMs === null);
