import { Counter, Gauge, Registry } from "prom-client";
import type { MiddlewareHandler } from "hono";
import { routePath } from "hono/route";
import type { Heartbeat } from "../api.ts";

/** Figures for Prometheus: the heartbeat's own, read when they are asked for, and the requests. */
export interface Metrics {
  readonly contentType: string;
  text(): Promise<string>;
  /** Counts each request by its route, never by its path: session keys stay out of labels. */
  readonly count: MiddlewareHandler;
}

const STATES = ["running", "stopping", "closed", "store-failed"] as const;

export function createMetrics(heartbeat: Heartbeat, openStreams: () => number): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const gauge = (name: string, help: string, labelNames: string[] = []): Gauge =>
    new Gauge({ name, help, labelNames, registers });
  const state = gauge("lubdub_state", "1 for the state the heartbeat is in.", ["state"]);
  const position = gauge("lubdub_log_position", "Position of the newest record.");
  const actors = gauge("lubdub_live_actors", "Live XState actors.");
  const running = gauge("lubdub_runs_in_flight", "Runs that are going on.");
  const due = gauge("lubdub_lanes_due", "Lanes that wait for a time.");
  const deliveries = gauge("lubdub_deliveries_open", "Replies on their way.");
  const counts = gauge("lubdub_count", "Counts since the start, by what is counted.", ["of"]);
  const resting = gauge("lubdub_agents_resting", "Agents whose provider refuses every call.");
  const streams = gauge("lubdub_http_streams", "Open event streams.");
  const labelNames = ["method", "route", "status"];
  const requests = new Counter({
    name: "lubdub_http_requests_total",
    help: "Requests answered.",
    labelNames,
    registers,
  });

  return {
    contentType: registry.contentType,
    async text() {
      const status = await heartbeat.status();
      for (const name of STATES) state.set({ state: name }, name === status.state ? 1 : 0);
      position.set(status.position);
      actors.set(status.liveActors);
      running.set(status.runsInFlight);
      due.set(status.lanesDue);
      deliveries.set(status.deliveriesOpen);
      for (const [of, value] of Object.entries(status.counts)) counts.set({ of }, value);
      resting.set(status.resting?.length ?? 0);
      streams.set(openStreams());
      return registry.metrics();
    },
    async count(context, next) {
      await next();
      requests.inc({ method: context.req.method, route: routePath(context, -1), status: context.res.status });
    },
  };
}
