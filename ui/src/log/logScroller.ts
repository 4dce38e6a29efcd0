import {
  isAtEnd,
  isTall,
  LINE_PX,
  type LogExtent,
  pxAbove,
  type Shown,
  scrolledPx,
  shownAt,
  topAt,
  topOf,
} from "./logScroll";

/** Scrolls a window over a log, and stays at the end of one that grows until its reader scrolls up. */
export class LogScroller {
  isFollowing = true;
  top = 0;
  private extent: LogExtent = { count: 0, height: 0 };
  private touched = 0;
  private readonly sizes: ResizeObserver;

  constructor(
    private readonly view: HTMLElement,
    private readonly spacer: HTMLElement,
    private readonly onChange: () => void,
  ) {
    this.sizes = new ResizeObserver(() => this.resize());
    this.sizes.observe(view);
    view.addEventListener("scroll", this.onScroll, { passive: true });
    view.addEventListener("wheel", this.onWheel, { passive: false });
    view.addEventListener("touchstart", this.onTouch, { passive: true });
    view.addEventListener("touchmove", this.onDrag, { passive: false });
    view.addEventListener("keydown", this.onKey);
  }

  close(): void {
    this.sizes.disconnect();
    this.view.removeEventListener("scroll", this.onScroll);
    this.view.removeEventListener("wheel", this.onWheel);
    this.view.removeEventListener("touchstart", this.onTouch);
    this.view.removeEventListener("touchmove", this.onDrag);
    this.view.removeEventListener("keydown", this.onKey);
  }

  get shown(): Shown {
    return shownAt(this.extent, this.top);
  }

  /** The log has so many lines. */
  hold(count: number): void {
    if (count === this.extent.count) return;
    const above = pxAbove(this.extent, this.top);
    this.extent = { ...this.extent, count };
    this.spacer.style.height = `${scrolledPx(this.extent)}px`;
    this.moveTo(this.isFollowing ? Number.POSITIVE_INFINITY : topAt(this.extent, above));
  }

  toEnd(): void {
    this.isFollowing = true;
    this.moveTo(Number.POSITIVE_INFINITY);
  }

  toStart(): void {
    this.isFollowing = false;
    this.moveTo(0);
  }

  /** Have a line in sight, where it is not. */
  toLine(number: number): void {
    const { first, last, anchor, y } = this.shown;
    const px = y + (number - 1 - anchor) * LINE_PX;
    const isSeen = number >= first && number <= last && px >= 0 && px + LINE_PX <= this.extent.height;
    this.isFollowing = this.isFollowing && isSeen;
    if (!isSeen) this.moveTo(topOf(this.extent, number));
  }

  private moveTo(top: number): void {
    const most = Math.max(0, scrolledPx(this.extent) - this.extent.height);
    this.top = Math.min(most, Math.max(0, top));
    this.view.scrollTop = this.top;
    this.onChange();
  }

  private moveBy(px: number): void {
    this.isFollowing = false;
    this.moveTo(topAt(this.extent, pxAbove(this.extent, this.top) + px));
    this.isFollowing = isAtEnd(this.extent, this.top);
  }

  private resize(): void {
    const above = pxAbove(this.extent, this.top);
    this.extent = { ...this.extent, height: this.view.clientHeight };
    this.moveTo(this.isFollowing ? Number.POSITIVE_INFINITY : topAt(this.extent, above));
  }

  private readonly onScroll = (): void => {
    // Of a tall log, a pixel of the bar is several lines: where it stands between two is known here alone.
    if (Math.abs(this.view.scrollTop - this.top) < 1) return;
    this.top = this.view.scrollTop;
    this.isFollowing = isAtEnd(this.extent, this.top);
    this.onChange();
  };

  private readonly onWheel = (event: WheelEvent): void => {
    if (!isTall(this.extent) || event.ctrlKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) return;
    event.preventDefault();
    this.moveBy(event.deltaMode === WheelEvent.DOM_DELTA_LINE ? event.deltaY * LINE_PX : event.deltaY);
  };

  private readonly onTouch = (event: TouchEvent): void => {
    this.touched = event.touches[0]?.clientY ?? 0;
  };

  private readonly onDrag = (event: TouchEvent): void => {
    const at = event.touches[0]?.clientY;
    if (!isTall(this.extent) || at === undefined) return;
    event.preventDefault();
    this.moveBy(this.touched - at);
    this.touched = at;
  };

  private readonly onKey = (event: KeyboardEvent): void => {
    const page = this.extent.height - 2 * LINE_PX;
    const moves: Record<string, number> = { ArrowUp: -LINE_PX, ArrowDown: LINE_PX, PageUp: -page, PageDown: page };
    const px = moves[event.key];
    if (px === undefined || !isTall(this.extent) || event.target !== this.view) return;
    event.preventDefault();
    this.moveBy(px);
  };
}
