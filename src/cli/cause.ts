/** How run ids look. Anything else in the variable is somebody else's. */
const RUN_ID = /^r-[0-9a-z]{1,11}-[0-9a-z]{8}$/;

/** The run that this command was called in: what an agent starts is caused by its run. */
export function causeInEnvironment(variables: NodeJS.ProcessEnv = process.env): string | undefined {
  const runId = variables["LUBDUB_RUN_ID"] ?? "";
  return RUN_ID.test(runId) ? runId : undefined;
}
