import { Failure } from "@/parts/Failure";
import style from "./Media.module.css";
import type { PictureProps } from "./Picture";
import { rawAddress, useBlob } from "./useBlob";

/** Sound, with the browser's own controls. */
export function Sound({ value, place, media, label }: PictureProps) {
  const { url, error } = useBlob(rawAddress(value, place), media);
  if (error) return <Failure error={error} />;
  // biome-ignore lint/a11y/useMediaCaption: nobody has written any
  return <audio className={style.sound} controls src={url || undefined} aria-label={label} />;
}

export function Film({ value, place, media, label }: PictureProps) {
  const { url, error } = useBlob(rawAddress(value, place), media);
  if (error) return <Failure error={error} />;
  // biome-ignore lint/a11y/useMediaCaption: nobody has written any
  return <video className={style.film} controls src={url || undefined} aria-label={label} />;
}
