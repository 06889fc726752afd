import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { offer, percentile } from "./load/generator.ts";
import { loadPart } from "./load/part.ts";
import { soakPart } from "./soak/part.ts";
import { slopePerHour } from "./soak/measure.ts";

const request = { tier: "pr", progress: () => {} } as const;

test("what a daemon under load accepts is in its log after kill -9", async () => {
  const size = { perSecond: 50, seconds: 2, p99Ms: 60_000 };
  const { counts, failures } = await loadPart({ pr: size, deep: size }).run(request);
  expect(failures).toEqual([]);
  expect(counts).toMatchObject({ accepted: 100, errors: 0, "given up": 0, "a second within that": 50 });
});

test("a rate that the other side cannot keep is given up, and what was not sent is no error", async () => {
  let answered = 0;
  const server = createServer((request, response) => {
    const answer = (): void => {
      answered++;
      response.writeHead(202).end();
    };
    request.resume().on("end", () => setTimeout(answer, 50));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const result = await offer({ url, token: "t", perSecond: 20_000, seconds: 60, behindSecondsMax: 0.1 });
  server.close();
  expect(result).toMatchObject({ accepted: answered, errors: 0 });
  expect(result.unsent).toBeGreaterThan(2_000);
  expect(result.accepted + result.unsent).toBeLessThan(20_000 * 60);
});

test("a day of a daemon leaves no handles, children or large WAL", async () => {
  const { counts, failures } = await soakPart({ pr: 0.1, deep: 0.1 }).run(request);
  expect(failures).toEqual([]);
  expect(counts).toMatchObject({ days: 1, accepted: 250, children: 0 });
});

test("the slope is that of a straight line, whatever lies around it", () => {
  const points = [3, 1, 2, 4, 6, 5].map((seconds) => ({
    atMs: seconds * 1_000,
    heapBytes: 5_000 + 100 * seconds,
  }));
  expect(slopePerHour(points)).toBeCloseTo(100 * 3_600);
  expect(slopePerHour(points.map((point) => ({ ...point, heapBytes: 7 })))).toBe(0);
});

test("a percentile is one of the values", () => {
  const hundred = Array.from({ length: 100 }, (_, index) => index + 1);
  expect(percentile(hundred, 50)).toBe(51);
  expect(percentile(hundred, 99)).toBe(100);
  expect(percentile([7], 99)).toBe(7);
});
