import layouts from "./layouts.json" with { type: "json" };

/** Where the parts of a machine's picture lie, in pixels from its top left corner. */
export interface Layout {
  /** Id and version of the machine. */
  readonly machine: string;
  readonly width: number;
  readonly height: number;
  readonly initial: string;
  readonly states: readonly StateBox[];
  readonly arrows: readonly ArrowPath[];
}

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface StateBox extends Box {
  readonly name: string;
}

export interface ArrowPath {
  readonly from: string;
  readonly to: string;
  readonly points: readonly Point[];
  /** Where its lines are written; one line for each transition. */
  readonly label: Box;
  readonly transitions: readonly { readonly event: string; readonly guards: readonly string[] }[];
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** By kind of actor. Made from the machines by `npm run diagrams`; a test holds them current. */
export const LAYOUTS: Readonly<Record<keyof typeof layouts, Layout>> = layouts;
