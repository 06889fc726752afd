/** When a walk takes a checkpoint: what comes back is then the checkpoint, and the log after it. */
export const CHECKPOINTS: readonly [string, (step: number) => boolean][] = [
  ["without a checkpoint", () => false],
  ["with a checkpoint on the way", (step) => step === 2],
  ["with a checkpoint at every step", () => true],
];
