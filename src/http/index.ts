export { createHttpApp, type HttpApp, type HttpAppOptions } from "./app.ts";
export { authoritiesFor } from "./authority.ts";
export type { HttpLimits } from "./limits.ts";
export { DEFAULT_PORT, serveHttp, type HttpServer, type ServeOptions } from "./serve.ts";
