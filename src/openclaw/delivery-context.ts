/** Where the replies to an event go. */
export interface DeliveryContext {
  /** Compared and kept in lower case. */
  readonly channel?: string | undefined;
  readonly to?: string | undefined;
  readonly accountId?: string | undefined;
  readonly threadId?: string | number | undefined;
}

/** Trimmed, without what is empty; `undefined` when nothing is left. */
export function normalized(context: DeliveryContext | null | undefined): DeliveryContext | undefined {
  if (context == null) return undefined;
  const channel = text(context.channel)?.toLowerCase();
  const to = text(context.to);
  const accountId = text(context.accountId);
  const threadId = thread(context.threadId);
  if (channel === undefined && to === undefined && accountId === undefined && threadId === undefined) {
    return undefined;
  }
  return {
    ...(channel === undefined ? {} : { channel }),
    ...(to === undefined ? {} : { to }),
    ...(accountId === undefined ? {} : { accountId }),
    ...(threadId === undefined ? {} : { threadId }),
  };
}

/** Field by field the newer one, else the older one. Another channel is another route: nothing crosses over to it. */
export function merged(
  older: DeliveryContext | undefined,
  newer: DeliveryContext | undefined,
): DeliveryContext | undefined {
  if (older === undefined || newer === undefined) return newer ?? older;
  const otherChannel =
    older.channel !== undefined && newer.channel !== undefined && older.channel !== newer.channel;
  return otherChannel ? newer : { ...older, ...newer };
}

export function isSameRoute(a: DeliveryContext | undefined, b: DeliveryContext | undefined): boolean {
  return (
    (a === undefined) === (b === undefined) &&
    a?.channel === b?.channel &&
    a?.to === b?.to &&
    a?.accountId === b?.accountId &&
    a?.threadId === b?.threadId
  );
}

function text(value: unknown): string | undefined {
  const trimmed = typeof value === "string" ? value.trim() : "";
  return trimmed === "" ? undefined : trimmed;
}

const thread = (value: unknown): string | number | undefined =>
  typeof value === "number" && Number.isFinite(value) ? Math.trunc(value) : text(value);
