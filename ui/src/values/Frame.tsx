import { addressOf } from "@/api/ask";
import { Failure } from "@/parts/Failure";
import style from "./Media.module.css";
import type { PictureProps } from "./Picture";
import { digestOf, inQuery } from "./place";
import { useTicketed } from "./ticket";

/** A page that was displayed, in a frame of an origin of its own: it reaches neither this page nor the API. */
export function Frame({ value, place, label }: Omit<PictureProps, "media">) {
  const { data, error } = useTicketed(
    addressOf("/artifacts/{digest}/frame", { digest: digestOf(value) }, inQuery(place)),
  );
  if (error) return <Failure error={error} />;
  return <iframe className={style.frame} title={label} sandbox="allow-scripts" src={data} loading="lazy" />;
}
