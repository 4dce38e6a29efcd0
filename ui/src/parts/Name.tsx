import { cutMiddle } from "@/words/cut";

/** A name cut in the middle where it is long; the whole stands in its title and is what is read aloud. */
export function Name({ text, max = 28 }: { text: string; max?: number }) {
  const shown = cutMiddle(text, max);
  if (shown === text) return <bdi>{text}</bdi>;
  return (
    <bdi title={text}>
      <span aria-hidden="true">{shown}</span>
      <span className="unseen">{text}</span>
    </bdi>
  );
}
