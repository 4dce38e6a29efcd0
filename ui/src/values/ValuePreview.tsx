import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import type { Schemas } from "@/api/types";
import { useAsk } from "@/api/useAsk";
import { Choice } from "@/parts/Choice";
import { CopyLine } from "@/parts/CopyLine";
import { Failure } from "@/parts/Failure";
import { bytes } from "@/words/numbers";
import { type ArrayState, ArrayView } from "./ArrayView";
import { ColumnFacts } from "./ColumnFacts";
import { Frame } from "./Frame";
import { isCut, kindText, lookOfMedia, lookOfValue } from "./kinds";
import { literalTree } from "./literal";
import { Markdown } from "./Markdown";
import { Film, Sound } from "./Media";
import media from "./Media.module.css";
import { Picture } from "./Picture";
import { digestOf, fileCommand, inQuery, placeName, pythonLine, type Value, type ValuePlace } from "./place";
import { readJson } from "./readJson";
import { type TableState, TableView, tableHeight } from "./TableView";
import { Tree } from "./Tree";
import { jsonTree } from "./tree";
import { useText } from "./useBlob";
import style from "./ValuePreview.module.css";

interface PreviewProps {
  value: Value;
  place: ValuePlace;
  /** Of what was displayed; "": it is a result, a parameter or an input. */
  media?: string;
  /** Rows of a table that have room. */
  tall?: number;
  /** How it is had in Python is said elsewhere. */
  quiet?: boolean;
  table?: TableState;
  array?: ArrayState;
}

const WIDE = 40; // columns

/** What can be seen of a stored value. Nothing of it is unpickled, and what is not shown is said. */
export function ValuePreview(props: PreviewProps) {
  const { value, place, media = "" } = props;
  const label = placeName(place);
  switch (media ? lookOfMedia(media) : lookOfValue(value)) {
    case "scalar":
      return <Scalar value={value} />;
    case "literal":
      return <Literal {...props} />;
    case "stored":
    case "table":
      return <Stored {...props} />;
    case "picture":
      return <Picture value={value} place={place} media={media} label={label} keep />;
    case "markdown":
      return <Text value={value} place={place} />;
    case "frame":
      return <Frame value={value} place={place} label={label} />;
    case "audio":
      return <Sound value={value} place={place} media={media} label={label} />;
    case "video":
      return <Film value={value} place={place} media={media} label={label} />;
    case "json":
      return <Json value={value} place={place} />;
    case "text":
      return <Plain value={value} place={place} />;
    case "download":
      return <Unseen {...props} />;
  }
}

function Scalar({ value }: { value: Value }) {
  return (
    <p className={style.scalar}>
      <bdi>{value.text}</bdi>
    </p>
  );
}

/** A container or an object, as far as its preview tells of it. */
function Literal(props: PreviewProps) {
  const { value, place } = props;
  const tree = useMemo(() => literalTree(value.text), [value.text]);
  return (
    <div className={style.parts}>
      {tree ? (
        <div className={style.paper}>
          <Tree root={tree} label={placeName(place)} open={3} />
        </div>
      ) : (
        <pre className={media.text}>{value.text || value.type}</pre>
      )}
      {isCut(value) && <Unseen {...props} what="the beginning" />}
    </div>
  );
}

/** Where it lies in columns, these; bytes that are a picture, this. */
function Stored(props: PreviewProps) {
  const { value, place } = props;
  const { data, error } = useAsk("/artifacts/{digest}/preview", {
    in: { digest: digestOf(value) },
    query: inQuery(place),
  });
  if (error) return <Failure error={error} />;
  if (data === undefined) return <div style={{ height: expectedHeight(value, props.tall) }} />;
  if (data.media.startsWith("image/")) {
    return <Picture value={value} place={place} media={data.media} label={placeName(place)} />;
  }
  const shape = value.shape ?? [];
  if (data.kind === "array" && shape.length !== 1 && data.columns.length === 0) {
    return <Pictured {...props} />;
  }
  if (data.kind === "array" && shape.length === 2) return <Both {...props} preview={data} />;
  if (shape.length === 1 && data.columns.length < 2) {
    return (
      <div className={style.parts}>
        <ColumnFacts value={value} place={place} at={null} />
        <Columns {...props} preview={data} />
      </div>
    );
  }
  if (data.kind === "table" || data.kind === "column" || data.kind === "array") {
    return <Columns {...props} preview={data} />;
  }
  return <Literal {...props} />;
}

const [GAP, CHOICE, FACTS, STAGE] = [12, 32, 190, 420];

/** How high it will be, so that what stands below it stays where it is. */
function expectedHeight({ shape, schema }: Value, tall = 12): number {
  if (shape === null) return 96;
  const table = tableHeight(shape[0] ?? 0, tall);
  if (schema !== null) return table;
  if (shape.length === 1) return FACTS + GAP + table;
  if (shape.length === 2 && (shape[1] ?? 0) <= WIDE) return CHOICE + GAP + table;
  return STAGE + GAP + FACTS + (shape.length === 2 ? CHOICE + GAP : (shape.length - 2) * 36);
}

const WAYS = [
  { value: "values", name: "Values" },
  { value: "picture", name: "Picture" },
] as const;

/** An array of two dimensions, as a table or as a picture: that first where it has many columns. */
function Both(props: PreviewProps & { preview: Schemas["ArtifactPreview"] }) {
  const { value } = props;
  const [way, setWay] = useState<"values" | "picture">((value.shape?.[1] ?? 0) > WIDE ? "picture" : "values");
  return (
    <div className={style.parts}>
      <Choice label="Shown as" options={WAYS} value={way} onChange={setWay} />
      {way === "picture" ? <Pictured {...props} /> : <Columns {...props} />}
    </div>
  );
}

function Columns({ value, place, tall = 12, table, preview }: PreviewProps & { preview: Schemas["ArtifactPreview"] }) {
  const only = { name: "", type: value.dtype ?? "", is_index: false, is_readable: true };
  return (
    <TableView
      value={value}
      place={place}
      columns={preview.columns.length ? preview.columns : [only]}
      rows={value.shape?.[0] ?? value.length ?? 0}
      more={preview.more_columns}
      tall={tall}
      {...table}
    />
  );
}

function Pictured({ value, place, array }: PreviewProps) {
  const hasPicture = (value.shape?.length ?? 0) > 1;
  return (
    <div className={style.parts}>
      {hasPicture && <ArrayView value={value} place={place} {...array} />}
      <ColumnFacts value={value} place={place} at={null} />
    </div>
  );
}

function Text({ value, place }: { value: Value; place: ValuePlace }) {
  const { data, error } = useAsk("/artifacts/{digest}/markdown", {
    in: { digest: digestOf(value) },
    query: inQuery(place),
  });
  if (error) return <Failure error={error} />;
  if (data === undefined) return <div className={media.wait} />;
  return (
    <>
      <Markdown nodes={data.nodes} />
      {data.cut > 0 && <p className={media.said}>cut: {data.cut.toLocaleString("en")} characters more</p>}
    </>
  );
}

function Json({ value, place }: { value: Value; place: ValuePlace }) {
  const text = useText(value, place);
  const read = useQuery({
    queryKey: [digestOf(value), "json"],
    queryFn: () => readJson(text.data ?? "null"),
    enabled: text.data !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 60_000,
  });
  const tree = useMemo(() => (read.data === undefined ? null : jsonTree(read.data)), [read.data]);
  if (text.error ?? read.error) return <Failure error={text.error ?? read.error} />;
  if (tree === null) return <div className={media.wait} />;
  return (
    <div className={style.paper}>
      <Tree root={tree} label={placeName(place)} />
    </div>
  );
}

const MOST_TEXT = 200_000;

function Plain({ value, place }: { value: Value; place: ValuePlace }) {
  const { data, error } = useText(value, place);
  if (error) return <Failure error={error} />;
  if (data === undefined) return <div className={media.wait} />;
  const more = data.length - MOST_TEXT;
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys */}
      <pre className={media.text} tabIndex={0}>
        {data.slice(0, MOST_TEXT)}
      </pre>
      {more > 0 && <p className={media.said}>cut: {more.toLocaleString("en")} characters more</p>}
    </>
  );
}

/** What is not to be seen here, and how it is had. */
function Unseen({ value, place, quiet = false, what = "" }: PreviewProps & { what?: string }) {
  return (
    <div className={style.unseen}>
      <p>
        {what ? `This is ${what} of ` : "Not shown here: "}
        {kindText(value)}, {bytes(value.size_bytes)}.
        {quiet ? " The line above loads all of it; as a file:" : " All of it, in Python or as a file:"}
      </p>
      {!quiet && <CopyLine command={pythonLine(place)} />}
      <CopyLine command={fileCommand(place)} />
    </div>
  );
}
