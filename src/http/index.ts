export { createHttpApp, type HttpApp, type HttpAppOptions } from "./app.ts";
export { authoritiesFor } from "./authority.ts";
export { serveHttp, type HttpServer, type ServeOptions } from "./serve.ts";
