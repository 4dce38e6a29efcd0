import { layout } from "./layout";
import type { LayoutQuestion } from "./layoutTypes";

addEventListener("message", ({ data }: MessageEvent<LayoutQuestion>) => postMessage(layout(data)));
