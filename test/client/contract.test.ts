import { connect } from "../../src/client/index.ts";
import { createHeartbeat } from "../../src/heartbeat.ts";
import { serveHttp } from "../../src/http/index.ts";
import { memoryStore } from "../../src/log/memory.ts";
import { heartbeatContract } from "../contract/heartbeat.ts";
import { TOKEN } from "../http/fixture.ts";

heartbeatContract("over HTTP", async (options) => {
  const served = createHeartbeat({ store: memoryStore(), ...options });
  const server = await serveHttp({ heartbeat: served, token: TOKEN, port: 0 });
  const heartbeat = connect({ url: server.url, token: TOKEN });
  return {
    heartbeat,
    async [Symbol.asyncDispose]() {
      await heartbeat.close();
      await server.close();
      await served.close();
    },
  };
});
