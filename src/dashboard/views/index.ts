import type { ComponentType } from "preact";
import type { Args, ViewName } from "../shell/router.ts";
import { Now } from "./now.tsx";

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

export const views: readonly Entry[] = [{ name: "now", title: "Now", inMenu: true, View: Now }];
