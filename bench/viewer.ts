import { once } from "node:events";
import WebSocket from "ws";

/** Looks on until it is killed. */
const socket = new WebSocket(process.argv[2] as string);
await once(socket, "message");
process.send?.("looking");
