import { wasTaken } from "@/api/token";
import { Empty } from "@/parts/Empty";
import { Mark } from "./Mark";
import css from "./NoToken.module.css";

/** All that is shown to who has no token, or one that the server does not take. */
export function NoToken({ refused = false }: { refused?: boolean }) {
  return (
    <main className={css.main}>
      <Empty
        title={titleOf(refused)}
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

function titleOf(refused: boolean): string {
  if (!refused) return "This address lacks the project's token";
  if (wasTaken()) return "The server has another token by now";
  return "This address's token is not this server's";
}
