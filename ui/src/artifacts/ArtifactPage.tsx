import { Download } from "lucide-react";
import { addressOf } from "@/api/ask";
import { useAsk } from "@/api/useAsk";
import { useKeys } from "@/app/keys";
import { useTitle } from "@/app/title";
import { useParam } from "@/app/useParam";
import { Button } from "@/parts/Button";
import { CopyLine, copyText } from "@/parts/CopyLine";
import { Failure } from "@/parts/Failure";
import { Name } from "@/parts/Name";
import { PageHead } from "@/parts/PageHead";
import { Skeleton } from "@/parts/Skeleton";
import type { ArrayState } from "@/values/ArrayView";
import { kindText, lookOfMedia } from "@/values/kinds";
import { inQuery, placeName, pythonLine, type ValuePlace } from "@/values/place";
import type { TableState } from "@/values/TableView";
import { download } from "@/values/ticket";
import { ValuePreview } from "@/values/ValuePreview";
import { bytes } from "@/words/numbers";
import style from "./ArtifactPage.module.css";
import { History } from "./History";
import { Lineage, TaskLink } from "./ValueLineage";

const CRUMBS = [{ text: "Artifacts", to: "/artifacts" }];

/** One stored value: what it looks like, where it came from, what was given it, and how it was in other runs. */
export default function ArtifactPage({ digest }: { digest: string }) {
  const place = usePlace();
  const chosen = useChosen();
  useTitle(placeName(place) || "Artifact");
  const { data, error } = useAsk("/artifacts/{digest}", { in: { digest }, query: place.of ? inQuery(place) : {} });
  const found: ValuePlace = place.of || data === undefined ? place : { of: data.task ?? data.run };
  const copy = { does: "Copy the line that loads it", run: () => void copyText(pythonLine(found)) };
  useKeys({ y: copy }, found.of !== "");
  if (error) {
    return (
      <>
        <PageHead title="Artifact" crumbs={CRUMBS} />
        <div className={style.body}>
          <Failure error={error} />
        </div>
      </>
    );
  }
  if (data === undefined) {
    return (
      <>
        <PageHead title={<Name text={placeName(place) || "Artifact"} max={48} />} crumbs={CRUMBS} />
        <div key="coming" className={style.body}>
          <Skeleton height={320} />
        </div>
      </>
    );
  }
  const { value, media } = data.preview;
  const isDisplay = found.display !== undefined;
  const raw = isDisplay ? lookOfMedia(media) !== "table" : value.type === "bytes";
  return (
    <>
      <PageHead
        title={<Name text={placeName(found)} max={48} />}
        crumbs={CRUMBS}
        actions={
          <>
            <CopyLine command={pythonLine(found)} />
            {raw && (
              <Button
                icon={<Download aria-hidden />}
                onClick={() => download(addressOf("/artifacts/{digest}/raw", { digest }, inQuery(found)))}
              >
                Download
              </Button>
            )}
          </>
        }
      >
        <p className={style.facts}>
          <span>{isDisplay ? media : kindText(value)}</span>
          {isDisplay && (
            <span>
              displayed by <TaskLink task={found.of} />
            </span>
          )}
          <span>{bytes(value.size_bytes)}</span>
          {value.digest && <code title={value.digest}>{value.digest.slice(0, 15)}</code>}
          {value.unstable && <span>no digest: {value.unstable} has no stable form</span>}
        </p>
      </PageHead>
      <div className={style.body}>
        <section className={style.part} aria-label="Preview">
          <ValuePreview value={value} place={found} media={isDisplay ? media : ""} tall={10} quiet {...chosen} />
        </section>
        {!isDisplay && <Lineage lineage={data.lineage} place={found} />}
        {!isDisplay && found.param === undefined && data.task && <History task={data.task} value={value} />}
      </div>
    </>
  );
}

/** What is chosen of a table or an array, in the address. */
function useChosen(): { table: TableState; array: ArrayState } {
  const [sort, onSort] = useParam("sort", "");
  const [column, setColumn] = useParam("column", "");
  const [slice, setSlice] = useParam("slice", "");
  return {
    table: {
      sort: /^-?\d+$/.test(sort) ? sort : "",
      onSort,
      chosen: /^\d+$/.test(column) ? Number(column) : null,
      onChoose: (next) => setColumn(next === null ? "" : String(next)),
    },
    array: {
      at: slice.split(",").map((one) => Number.parseInt(one, 10) || 0),
      onAt: (next) => setSlice(next.every((one) => one === 0) ? "" : next.join(","), { replace: true }),
    },
  };
}

function usePlace(): ValuePlace {
  const [of] = useParam("of", "");
  const [param] = useParam("param", "");
  const [display] = useParam("display", "");
  const [step] = useParam("step", "");
  return {
    of,
    ...(param ? { param } : {}),
    ...(display ? { display } : {}),
    ...(step ? { step: Number(step) } : {}),
  };
}
