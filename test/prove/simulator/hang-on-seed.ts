import type { Job } from "./job.ts";

/** Loaded into a child of the simulator: seed 1 never comes back. */
process.prependListener("message", (job) => {
  while ((job as Job).seed === 1);
});
