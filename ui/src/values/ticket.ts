import { useQuery } from "@tanstack/react-query";
import { type ApiError, post } from "@/api/ask";

/** An address that a frame or a download can ask for by itself, for half a minute. */
async function ticketed(address: string): Promise<string> {
  const [path = ""] = address.split("?");
  const { ticket } = await post("/tickets", { body: { path } });
  return `${address}${address.includes("?") ? "&" : "?"}ticket=${encodeURIComponent(ticket)}`;
}

/** The same for a frame, which asks once. */
export function useTicketed(address: string) {
  return useQuery<string, ApiError>({
    queryKey: [address, "ticket"],
    queryFn: () => ticketed(address),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    refetchOnWindowFocus: false,
  });
}

/** Has the browser save it. */
export async function download(address: string): Promise<void> {
  const link = document.createElement("a");
  link.href = await ticketed(address);
  link.download = "";
  document.body.append(link);
  link.click();
  link.remove();
}
