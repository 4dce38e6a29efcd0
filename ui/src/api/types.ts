import type { components, paths } from "./schema";

/** What the API answers and takes, by the names of its document. */
export type Schemas = components["schemas"];

/** The same, of which it is known that none of its numbers is one that JSON lacks. */
export type Finite<T> = T extends "nan" | "inf" | "-inf"
  ? never
  : T extends (infer U)[]
    ? Finite<U>[]
    : T extends object
      ? { [K in keyof T]: Finite<T[K]> }
      : T;

type Whole = `/api/v1${string}`;
type Base<P> = P extends `/api/v1${infer Rest}` ? Rest : never;
type Operation<P extends string, M extends string> = `/api/v1${P}` extends keyof paths
  ? M extends keyof paths[`/api/v1${P}`]
    ? paths[`/api/v1${P}`][M]
    : never
  : never;
type Json<R> = R extends { content: { "application/json": infer Body } } ? Body : never;

/** The paths that take a method, without `/api/v1`. */
export type PathOf<M extends string> = {
  [P in keyof paths & Whole]: M extends keyof paths[P] ? (paths[P][M] extends undefined ? never : Base<P>) : never;
}[keyof paths & Whole];

export type Answer<P extends string, M extends string> =
  Operation<P, M> extends { responses: infer R }
    ? { [S in keyof R]: S extends 200 | 202 ? Json<R[S]> : never }[keyof R & (200 | 202)]
    : never;

type Given<P extends string, M extends string> = Operation<P, M> extends { parameters: infer G } ? G : never;
export type InPath<P extends string, M extends string> =
  Given<P, M> extends { path: infer T } ? { [N in keyof T]: string | number } : undefined;
export type Query<P extends string, M extends string> = Given<P, M> extends { query?: infer T } ? T : undefined;
/** What a body has: the server fills in what is left out. An object that holds anything is told as one of nothing. */
type Filled<B> = { [N in keyof B]?: B[N] extends Record<string, never> ? Record<string, unknown> : B[N] };
export type Body<P extends string, M extends string> =
  Operation<P, M> extends { requestBody: infer B } ? Filled<Json<B>> : undefined;
