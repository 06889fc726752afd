/** The alternate screen: what stood in the terminal before comes back. No cursor, and no line that goes on in the next. */
const ENTER = "\u001b[?1049h\u001b[?25l\u001b[?7l";
const LEAVE = "\u001b[?7h\u001b[?25h\u001b[?1049l";
const HOME = "\u001b[H";
const ERASE_LINE_END = "\u001b[K";
const ERASE_BELOW = "\u001b[J";
/** Where the terminal does not say how large it is, or says 0. */
const COLUMNS_DEFAULT = 80;
const ROWS_DEFAULT = 24;

/** The part of a terminal that a screen needs. */
export interface ScreenStream {
  readonly columns?: number;
  readonly rows?: number;
  write(text: string): unknown;
}

/** A whole terminal to draw on, again and again. It is given back when it is disposed. */
export interface Screen extends Disposable {
  readonly columns: number;
  readonly rows: number;
  /** Lines beyond the last row are left out. */
  draw(lines: readonly string[]): void;
}

export function openScreen(stream: ScreenStream = process.stdout): Screen {
  let isOpen = true;
  const leave = (): void => {
    if (isOpen) stream.write(LEAVE);
    isOpen = false;
  };
  // However the process ends, the terminal is as it was.
  process.once("exit", leave);
  stream.write(ENTER);
  return {
    get columns() {
      return stream.columns || COLUMNS_DEFAULT;
    },
    get rows() {
      return stream.rows || ROWS_DEFAULT;
    },
    draw(lines) {
      const shown = lines.slice(0, this.rows);
      stream.write(HOME + shown.map((line) => line + ERASE_LINE_END).join("\r\n") + ERASE_BELOW);
    },
    [Symbol.dispose]() {
      process.off("exit", leave);
      leave();
    },
  };
}
