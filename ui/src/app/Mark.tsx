/** Penstock's mark, in the accent. */
export function Mark() {
  return (
    <svg viewBox="0 0 24 24" width="22" height="22" fill="none" aria-hidden="true">
      <g stroke="var(--accent)" strokeWidth="2.4" strokeLinecap="round">
        <path d="M3 7c6 0 6 5 10 5s4 0 8 0" />
        <path d="M3 12.500c6 0 6 5 10 5s4 0 8 0" />
      </g>
    </svg>
  );
}
