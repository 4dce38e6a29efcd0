import { Link } from "wouter";
import { useAsk } from "@/api/useAsk";
import { Failure } from "@/parts/Failure";
import { PageHead } from "@/parts/PageHead";
import { valueAddress } from "@/values/place";

export default function ArtifactsPage() {
  const index = useAsk("/artifacts:index", { query: {} });
  const ids = index.data?.ids?.slice(0, 100) ?? [];
  const rows = useAsk("/artifacts", { query: { ids } }, { skip: ids.length === 0 });
  return (
    <>
      <PageHead title="Artifacts" />
      <Failure error={index.error ?? rows.error} />
      <ul>
        {rows.data?.rows.map((row) => (
          <li key={row.id}>
            <Link href={valueAddress(row.value, { of: row.of })}>{row.of}</Link> {row.value.type}
          </li>
        ))}
      </ul>
    </>
  );
}
