import { Skeleton } from "@/parts/Skeleton";
import css from "./Panel.module.css";

/** Where the panel beside a graph will stand. */
export function PanelSkeleton() {
  return (
    <div className={css.panel} aria-hidden="true">
      <div className={css.bones}>
        <Skeleton width="40%" />
        <Skeleton width="85%" />
        <Skeleton width="70%" />
        <Skeleton width="80%" />
        <Skeleton width="65%" />
      </div>
    </div>
  );
}
