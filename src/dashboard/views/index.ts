import type { ComponentType } from "preact";
import type { Args, ViewName } from "../shell/router.ts";
import { Log } from "./log.tsx";
import { Now } from "./now.tsx";
import { Schedules } from "./schedules.tsx";
import { Session } from "./session.tsx";
import { Wake } from "./wake.tsx";
import { Statechart } from "./statechart.tsx";

/** What a view is given: the arguments in the address. */
export interface ViewProps {
  readonly args: Args;
}

interface Entry {
  readonly name: ViewName;
  readonly title: string;
  /** Others are reached by links. */
  readonly inMenu: boolean;
  readonly View: ComponentType<ViewProps>;
}

export const views: readonly Entry[] = [
  { name: "now", title: "Now", inMenu: true, View: Now },
  { name: "statechart", title: "Statechart", inMenu: true, View: Statechart },
  { name: "schedules", title: "Schedules", inMenu: true, View: Schedules },
  { name: "log", title: "Log", inMenu: true, View: Log },
  { name: "session", title: "Session", inMenu: false, View: Session },
  { name: "wake", title: "Wake", inMenu: false, View: Wake },
];
