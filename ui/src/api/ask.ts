import { token, tokenTaken } from "./token";
import type { Answer, Body, InPath, PathOf, Query, Schemas } from "./types";

/** Why the server did not answer, in its own words. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly hint: string | null = null,
    readonly field: string | null = null,
    readonly at: number | null = null,
  ) {
    super(message);
    this.name = "ApiError";
  }
}

export interface Asked<P extends string, M extends string> {
  in?: InPath<P, M>;
  query?: Query<P, M>;
  body?: Body<P, M>;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

/** What a GET of `path` answers: `ask("/runs/{flow}/{number}", { in: { flow: "digits", number: 3 } })`. */
export function ask<P extends PathOf<"get">>(path: P, asked: Asked<P, "get"> = {}): Promise<Answer<P, "get">> {
  return send("GET", path, asked);
}

export function post<P extends PathOf<"post">>(path: P, asked: Asked<P, "post"> = {}): Promise<Answer<P, "post">> {
  return send("POST", path, asked);
}

export function remove<P extends PathOf<"delete">>(
  path: P,
  asked: Asked<P, "delete"> = {},
): Promise<Answer<P, "delete">> {
  return send("DELETE", path, asked);
}

/** The answer as it comes, for streams and bytes. */
export async function request(method: string, address: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  headers.set("Authorization", `Bearer ${token() ?? ""}`);
  const response = await fetch(address, { ...init, method, headers });
  if (!response.ok) throw await refused(response);
  tokenTaken();
  return response;
}

/** `/api/v1/runs/digits/3?fields=run`: names are encoded one by one, lists are joined by commas. */
export function addressOf(path: string, names: object = {}, query: object = {}): string {
  const named = new Map(Object.entries(names));
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(named.get(name))));
  const words = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined || value === null) continue;
    words.set(name, Array.isArray(value) ? value.join(",") : String(value));
  }
  const text = words.toString();
  return `/api/v1${filled}${text && `?${text}`}`;
}

async function send<T>(method: string, path: string, asked: Asked<never, never> | object): Promise<T> {
  const {
    in: names,
    query,
    body,
    headers,
    signal,
  } = asked as { in?: object; query?: object; body?: unknown } & RequestInit;
  const init: RequestInit = { headers: { ...(headers as Record<string, string>) }, signal: signal ?? null };
  if (body !== undefined) {
    init.body = JSON.stringify(body);
    init.headers = { ...init.headers, "Content-Type": "application/json" };
  }
  const response = await request(method, addressOf(path, names, query), init);
  return (await response.json()) as T;
}

async function refused(response: Response): Promise<ApiError> {
  const text = await response.text();
  try {
    const { error } = JSON.parse(text) as Schemas["ErrorAnswer"];
    return new ApiError(response.status, error.code, error.message, error.hint, error.field, error.at);
  } catch {
    return new ApiError(response.status, "unreadable", `the server answered ${response.status}: ${text.slice(0, 200)}`);
  }
}
