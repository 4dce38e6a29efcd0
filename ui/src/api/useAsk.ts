import { keepPreviousData, type UseQueryResult, useQuery } from "@tanstack/react-query";
import { type ApiError, type Asked, addressOf, ask } from "./ask";
import type { Answer, PathOf } from "./types";

interface AskOptions {
  /** Ask nothing yet. */
  skip?: boolean;
  /** Show what stood there while a changed question is answered. */
  keep?: boolean;
}

/** A document of the API, asked for once and shared by all that show it. Its key is its address. */
export function useAsk<P extends PathOf<"get">>(
  path: P,
  asked: Omit<Asked<P, "get">, "signal"> = {},
  { skip = false, keep = false }: AskOptions = {},
): UseQueryResult<Answer<P, "get">, ApiError> {
  return useQuery<Answer<P, "get">, ApiError>({
    queryKey: [addressOf(path, asked.in as object | undefined, asked.query as object | undefined)],
    queryFn: ({ signal }) => ask(path, { ...asked, signal } as Asked<P, "get">),
    enabled: !skip,
    ...(keep ? { placeholderData: keepPreviousData } : {}),
  });
}
