import { Fragment } from "react";

/** `digits/3`: a name, whichever way it is written, and then its number. A long one is broken at its words. */
export function Numbered({ name, number }: { name: string; number: number | string }) {
  return (
    <>
      <bdi>
        {name.split(/(?<=[_.-])/).map((word, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: words have no other name than their place
          <Fragment key={i}>
            {i > 0 && <wbr />}
            {word}
          </Fragment>
        ))}
      </bdi>
      /{number}
    </>
  );
}
