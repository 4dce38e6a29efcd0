import { type ReactNode, useContext, useEffect } from "react";
import { KeyLayer, openLayer } from "@/app/keys";

/** Keys that are bound inside are heard; those of the page below are not. */
export function Layer({ children }: { children: ReactNode }) {
  const layer = useContext(KeyLayer) + 1;
  useEffect(() => openLayer(layer), [layer]);
  return <KeyLayer value={layer}>{children}</KeyLayer>;
}
