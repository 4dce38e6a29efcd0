import { useRef } from "react";
import { useKeys } from "@/app/keys";
import { useTitle } from "@/app/title";
import { CopyLine } from "@/parts/CopyLine";
import { Empty } from "@/parts/Empty";
import { Failure } from "@/parts/Failure";
import { PageHead } from "@/parts/PageHead";
import { Skeleton } from "@/parts/Skeleton";
import { StatusMark } from "@/parts/StatusMark";
import { ago } from "@/words/times";
import { AgentLine } from "./AgentLine";
import css from "./SitesPage.module.css";
import { type Site, siteWords } from "./siteWords";
import { useSites } from "./useSites";
import { Waiting } from "./Waiting";

/** Where steps go beside this machine: executors with agents, how each agent is, and what waits for them and why. */
export default function SitesPage() {
  useTitle("Sites");
  const { data, error } = useSites();
  const place = useMoves();
  return (
    <>
      <PageHead title="Sites" />
      <div className={css.page} ref={place}>
        <Failure error={error} />
        {data === undefined && error === null && <Skeleton height={160} />}
        {data?.length === 0 && <NoSites />}
        {data?.map((site) => (
          <SiteSection key={site.executor} site={site} />
        ))}
      </div>
    </>
  );
}

function SiteSection({ site }: { site: Site }) {
  const { executor, kind, place, tier, max_agents, agents, trouble, waiting, asked_at } = site;
  return (
    <section className={css.site} aria-label={executor}>
      <header className={css.head}>
        <h2>
          <bdi>{executor}</bdi>
        </h2>
        <span>{siteWords(site)}</span>
        {asked_at && <span className={css.quiet}>asked {ago(asked_at)}</span>}
      </header>
      <p className={css.facts}>
        <span>{kind === "agent" && !place ? "agents by hand" : kind}</span>
        {place && <bdi className={css.code}>{place}</bdi>}
        <bdi className={css.code}>{tier}</bdi>
        {max_agents !== null && <span>at most {max_agents} in a run</span>}
      </p>
      {trouble && (
        <p className={css.trouble}>
          <StatusMark status="failed" />
          <bdi>{trouble}</bdi>
        </p>
      )}
      <Waiting tasks={waiting} />
      {agents.length > 0 ? (
        <ul className={css.agents} aria-label={`Agents at ${executor}`}>
          {agents.map((agent) => (
            <AgentLine key={agent.name} agent={agent} />
          ))}
        </ul>
      ) : (
        <div className={css.none}>
          <span>Agents are placed when a run needs them.</span>
          <CopyLine command={`penstock doctor --on ${executor}`} />
        </div>
      )}
    </section>
  );
}

/** From agent to agent by `j` and `k`: each has a link of its own, which Enter opens. */
function useMoves() {
  const place = useRef<HTMLDivElement>(null);
  const move = (by: number) => () => {
    const links = [...(place.current?.querySelectorAll<HTMLElement>("[data-agent]") ?? [])];
    const at = links.indexOf(document.activeElement as HTMLElement);
    links[Math.max(0, Math.min(links.length - 1, at < 0 ? 0 : at + by))]?.focus();
  };
  useKeys({
    j: { does: "Next agent", group: "Sites", run: move(1) },
    k: { does: "Agent before", group: "Sites", run: move(-1) },
  });
  return place;
}

const EXAMPLE = `[store]
url = "ssh://me@gpu1/scratch/me"

[executors.gpus]
kind = "ssh"
hosts = ["gpu1"]`;

function NoSites() {
  return (
    <Empty
      title="No site is named"
      lines={[
        "All steps run on this machine. Lines like these in penstock.toml name another one, or a cluster with Slurm or Ray; nothing has to be installed there.",
      ]}
    >
      <pre className={css.example}>{EXAMPLE}</pre>
      <p>A step goes there by @step(on="gpus"). This tries it, and says what is wrong:</p>
      <CopyLine command="penstock doctor --on gpus" />
    </Empty>
  );
}
