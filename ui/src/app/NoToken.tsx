import { Empty } from "@/parts/Empty";
import { Mark } from "./Mark";
import css from "./NoToken.module.css";

/** All that is shown to who has no token, or one that the server does not take. */
export function NoToken({ refused = false }: { refused?: boolean }) {
  return (
    <main className={css.main}>
      <Empty
        title={refused ? "The server has another token by now" : "This address lacks the project's token"}
        lines={["In the folder of the project, this prints the address with it:"]}
        code="penstock ui"
      >
        <p className={css.mark}>
          <Mark />
          Penstock
        </p>
      </Empty>
    </main>
  );
}
