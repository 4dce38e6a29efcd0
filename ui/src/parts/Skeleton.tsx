import css from "./Skeleton.module.css";

/** Where something will stand, in its final size. */
export function Skeleton({ width = "100%", height = 14 }: { width?: number | string; height?: number | string }) {
  return <span className={css.bone} style={{ width, height }} aria-hidden="true" />;
}
