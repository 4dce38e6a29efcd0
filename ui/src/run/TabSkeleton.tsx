import { Skeleton } from "@/parts/Skeleton";
import tab from "./Tab.module.css";

/** Where a tab's heading and what it is of will stand. */
export function TabSkeleton() {
  return (
    <div className={tab.page} aria-hidden="true">
      <Skeleton width={320} height={28} />
      <Skeleton height={240} />
    </div>
  );
}
