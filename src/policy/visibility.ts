import type { Route } from "../vocabulary.ts";

/** What of a heartbeat is shown to people. */
export interface Visibility {
  /** Acknowledgements are sent too. @default false */
  readonly showOk: boolean;
  /** Alerts, that is every other reply, are sent. @default true */
  readonly showAlerts: boolean;
  /** The end of a run says `ok` or `alert` in the log, for pages and status lights. @default true */
  readonly useIndicator: boolean;
}

/** Some of it; what is left out comes from the next rule. */
export type SomeVisibility = { readonly [Name in keyof Visibility]?: boolean | undefined };

/** Most specific first: account, channel, defaults, then the built-in defaults. Each field by itself. */
export interface VisibilityRules {
  readonly defaults?: SomeVisibility | undefined;
  /** By `route.channel`. */
  readonly channels?: Readonly<Record<string, ChannelVisibility>> | undefined;
}

export interface ChannelVisibility extends SomeVisibility {
  /** By `route.account`. */
  readonly accounts?: Readonly<Record<string, SomeVisibility>> | undefined;
}

const BUILT_IN: Visibility = { showOk: false, showAlerts: true, useIndicator: true };

/** What is shown on this route; without a route, the defaults. */
export function visibilityOf({ defaults, channels = {} }: VisibilityRules, route: Route | null): Visibility {
  const channel = own(channels, route?.channel);
  const account = own(channel?.accounts ?? {}, route?.account);
  const field = (name: keyof Visibility): boolean =>
    account?.[name] ?? channel?.[name] ?? defaults?.[name] ?? BUILT_IN[name];
  return { showOk: field("showOk"), showAlerts: field("showAlerts"), useIndicator: field("useIndicator") };
}

/** Nothing that the agent could say would be seen: the model need not be asked (`alerts-disabled`). */
export const showsNothing = ({ showOk, showAlerts, useIndicator }: Visibility): boolean =>
  !showOk && !showAlerts && !useIndicator;

/** A name from outside is looked up as data: `constructor` is no channel. */
const own = <T>(table: Readonly<Record<string, T>>, name: string | undefined): T | undefined =>
  name !== undefined && Object.hasOwn(table, name) ? table[name] : undefined;
