/** `digits/3`: a name, whichever way it is written, and then its number. */
export function Numbered({ name, number }: { name: string; number: number | string }) {
  return (
    <>
      <bdi>{name}</bdi>/{number}
    </>
  );
}
