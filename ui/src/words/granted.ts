/** What an attempt was given, as people read it. */

import { bytes, counted } from "./numbers";
import { duration } from "./times";

export interface Granted {
  executor: string;
  cpu: number | string;
  memory_bytes?: number | null;
  gpu?: number;
  timeout_s?: number | string | null;
  lanes?: number;
}

/** `2 CPUs, 1 GPU, 10m 00s at most`: all but the memory and the place. */
export function grantedWords({ cpu, gpu = 0, timeout_s, lanes = 1 }: Granted): string {
  const parts = [
    cpus(Number(cpu)),
    gpu > 0 ? counted(gpu, "GPU") : "",
    timeout_s ? `${duration(Number(timeout_s))} at most` : "",
    lanes > 1 ? `on each of ${lanes} lanes` : "",
  ];
  return parts.filter(Boolean).join(", ");
}

/** `2 CPUs`, `0.5 CPUs` */
export function cpus(n: number): string {
  return `${Number(n.toFixed(3))} CPU${n === 1 ? "" : "s"}`;
}

/** The limits of memory of several attempts: `2.0 GiB`, `1.0 to 4.0 GiB`; "": none has one. */
export function limitWords(granted: readonly Granted[]): string {
  const limits = granted.flatMap(({ memory_bytes }) => (memory_bytes ? [memory_bytes] : []));
  if (limits.length === 0) return "";
  const [least, most] = [bytes(Math.min(...limits)).split(" "), bytes(Math.max(...limits)).split(" ")];
  if (least.join() === most.join()) return most.join(" ");
  return `${least[1] === most[1] ? least[0] : least.join(" ")} to ${most.join(" ")}`;
}
