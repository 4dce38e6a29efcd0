import { useEffect } from "react";
import { useAsk } from "@/api/useAsk";
import { useChanged } from "@/values/useChanged";

const LOOK_MS = 3_000;

/** The sites, asked for again while somebody looks: what agents do stands in no journal. */
export function useSites() {
  const sites = useAsk("/sites");
  const { refetch } = sites;
  useChanged(["runs"], () => void refetch());
  useEffect(() => {
    const timer = window.setInterval(() => {
      if (!document.hidden) void refetch();
    }, LOOK_MS);
    return () => window.clearInterval(timer);
  }, [refetch]);
  return sites;
}
