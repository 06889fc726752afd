import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { createRoute, z } from "@hono/zod-openapi";
import { LubdubError } from "../../errors.ts";
import { answer, type App, type Served } from "../answer.ts";
import { backupBody, noQuery } from "../schemas/requests.ts";
import { answers, jsonBody } from "./shape.ts";

const file = z.object({
  file: z.string().openapi({ description: "Where it lies on the daemon's machine." }),
});
const backup = createRoute({
  method: "post",
  path: "/v1/backup",
  summary: "Write a consistent copy into a new file of the daemon's backup folder.",
  description: "Only a plain name may be given: nothing on the network chooses a path.",
  request: { body: { ...jsonBody(backupBody), required: true }, query: noQuery },
  responses: answers(201, file, "Written."),
});

export function backupRoute(app: App, { heartbeat }: Served, folder: string | undefined): void {
  app.openapi(backup, async (context) => {
    if (folder === undefined) throw switchedOff();
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const target = join(resolve(folder), context.req.valid("json").name);
    await heartbeat.backup(target);
    return answer({ file: target }, 201);
  });
}

function switchedOff(): LubdubError {
  return new LubdubError("LUBDUB_FORBIDDEN", {
    expected: "a daemon with a backup folder",
    got: "one without",
    fix: "Back up from the process that owns the store: `heartbeat.backup(file)`.",
  });
}
