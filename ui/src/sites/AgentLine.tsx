import { Link } from "wouter";
import { parseRun, runAddress, taskAddress } from "@/api/names";
import { StatusMark } from "@/parts/StatusMark";
import css from "./SitesPage.module.css";
import { type Agent, heldWords, markOfAgent, shortName, sortedTasks, taskRef } from "./siteWords";

const FIRST = 4;

/** An agent: how it is, where, what it holds, and which tasks are in its lanes. */
export function AgentLine({ agent }: { agent: Agent }) {
  const { name, run, state, why, host, load, version, tasks } = agent;
  const of = parseRun(run);
  return (
    <li className={css.agent}>
      <span className={css.name}>
        <StatusMark status={markOfAgent(state)} silent />
        <Link href={of ? runAddress(of) : "/runs"} data-agent={name} title={name}>
          <bdi>{shortName(name)}</bdi>
        </Link>
        <span className={css.state}>{state}</span>
      </span>
      <span className={css.where} title={version && `Penstock ${version}`}>
        {host && <bdi>{host}</bdi>}
        <span className={css.quiet}>
          for <bdi>{run}</bdi>
        </span>
      </span>
      <span className={css.held}>
        {heldWords(agent)}
        {load !== null && <span className={css.quiet}> load {Number(load).toFixed(1)}</span>}
      </span>
      <span className={css.tasks}>
        {sortedTasks(agent)
          .slice(0, FIRST)
          .map(({ task, status }) => (
            <span key={task} className={css.task}>
              <StatusMark status={status === "running" ? "running" : "waiting"} />
              <Link href={taskAddress(taskRef(task))}>{task.split("/").slice(2).join("/")}</Link>
            </span>
          ))}
        {tasks.length > FIRST && <span className={css.quiet}>and {tasks.length - FIRST} more</span>}
        {tasks.length === 0 && state === "running" && <span className={css.quiet}>no task</span>}
        {why && <span className={css.why}>{why}</span>}
      </span>
    </li>
  );
}
