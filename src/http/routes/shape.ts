import { z, type createRoute } from "@hono/zod-openapi";
import { problem } from "../schemas/responses.ts";

/** The parts that route definitions are made of. */
type Responses = Parameters<typeof createRoute>[0]["responses"];

export function jsonBody<Schema extends z.ZodType>(schema: Schema) {
  return { content: { "application/json": { schema } } } as const;
}

/** One good answer, and our problem for all others. */
export function answers(status: number, schema: z.ZodType, description: string): Responses {
  return {
    [status]: { description, content: { "application/json": { schema } } },
    default: failures,
  };
}

export const failures = {
  description: "RFC 9457 problem with one of Lubdub's codes.",
  content: { "application/problem+json": { schema: problem } },
} as const;

export const list = <Name extends string>(name: Name, schema: z.ZodType) =>
  z.object({ [name]: z.array(schema) });
