/** A bar on a terminal; nothing elsewhere, so that logs stay short. */
export function progressBar(name: string, { isTTY, write }: Terminal): Progress {
  const startedMs = Date.now();
  let shownMs = 0;
  return {
    show(done, all) {
      if (isTTY !== true || Date.now() - shownMs < SHOW_EVERY_MS) return;
      shownMs = Date.now();
      const filled = Math.round((WIDTH * done) / Math.max(1, all));
      const bar = `${"#".repeat(filled)}${".".repeat(WIDTH - filled)}`;
      write(`\r${name} [${bar}] ${done}/${all} ${Math.round((shownMs - startedMs) / 1000)} s`);
    },
    clear() {
      if (isTTY === true) write("\r\u001b[2K");
    },
  };
}

interface Progress {
  show(done: number, all: number): void;
  clear(): void;
}

interface Terminal {
  readonly isTTY: boolean | undefined;
  readonly write: (text: string) => void;
}

const SHOW_EVERY_MS = 200;
const WIDTH = 30;
