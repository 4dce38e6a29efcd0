import { Failure } from "@/parts/Failure";
import style from "./Media.module.css";
import type { Value, ValuePlace } from "./place";
import { rawAddress, useBlob } from "./useBlob";

export interface PictureProps {
  value: Value;
  place: ValuePlace;
  media: string;
  /** What it shows, for whoever can't see it. */
  label: string;
  /** Leave what stood there until this one has come. */
  keep?: boolean;
}

/** A picture that is stored as one. */
export function Picture({ value, place, media, label, keep = false }: PictureProps) {
  const { url, error } = useBlob(rawAddress(value, place), media, keep);
  if (error) return <Failure error={error} />;
  return <Drawn url={url} label={label} />;
}

/** A picture, in a room that is there before it. Small ones are enlarged with their pixels kept apart. */
export function Drawn({ url, label }: { url: string; label: string }) {
  return (
    <div className={style.paper}>
      {url && (
        <img
          className={style.picture}
          src={url}
          alt={label}
          onLoad={({ currentTarget: image }) => {
            if (image.naturalWidth < 200) image.dataset.small = "";
          }}
        />
      )}
    </div>
  );
}
