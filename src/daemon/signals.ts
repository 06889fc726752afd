/** npm passes a Ctrl-C on that the terminal has sent already: what comes this soon after the last one is the same. */
const SAME_SIGNAL_MS = 300;

/** Calls back once for each time that somebody meant it. */
export function onSignals<Signal extends NodeJS.Signals>(
  signals: readonly Signal[],
  listener: (signal: Signal) => void,
): void {
  let lastMs = -Infinity;
  for (const signal of signals) {
    process.on(signal, () => {
      if (performance.now() - lastMs <= SAME_SIGNAL_MS) return;
      lastMs = performance.now();
      listener(signal);
    });
  }
}
