import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { type ApiError, addressOf, request } from "@/api/ask";
import { digestOf, inQuery, type Value, type ValuePlace } from "./place";

const KEPT_MS = 60_000;

interface BlobUrl {
  /** "": it is not there yet. */
  url: string;
  error: ApiError | null;
}

/** The bytes of an address of the API as an address of the browser's: a header can't be sent for pictures. `media`: what
 * they are, where the API says only that they are bytes. */
export function useBlob(address: string, media = "", keep = false): BlobUrl {
  const { data, error } = useQuery<Blob, ApiError>({
    queryKey: [address, media],
    queryFn: async ({ signal }) => {
      const blob = await (await request("GET", address, { signal })).blob();
      return media ? new Blob([blob], { type: media }) : blob;
    },
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: KEPT_MS,
    ...(keep ? { placeholderData: (before: Blob | undefined) => before } : {}),
  });
  const [url, setUrl] = useState("");
  useEffect(() => {
    if (data === undefined) return;
    const made = URL.createObjectURL(data);
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [data]);
  return { url, error };
}

/** The bytes of a value as a text. */
export function useText(value: Value, place: ValuePlace, skip = false) {
  const address = rawAddress(value, place);
  return useQuery<string, ApiError>({
    queryKey: [address, "text"],
    queryFn: async ({ signal }) => (await request("GET", address, { signal })).text(),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: KEPT_MS,
    enabled: !skip,
  });
}

export function rawAddress(value: Value, place: ValuePlace): string {
  return addressOf("/artifacts/{digest}/raw", { digest: digestOf(value) }, inQuery(place));
}
