/** The packages of two runs: what was added, taken away or has another version first. */

interface PackageRow {
  name: string;
  /** "": it was not there. */
  mine: string;
  other: string;
  change: "added" | "removed" | "changed" | "";
}

export function packageRows(mine: Record<string, string>, other: Record<string, string> | null): PackageRow[] {
  const names = [...new Set([...Object.keys(mine), ...Object.keys(other ?? {})])];
  const rows = names.map((name): PackageRow => {
    const [here, there] = [mine[name] ?? "", other?.[name] ?? ""];
    if (other === null || here === there) return { name, mine: here, other: there, change: "" };
    return { name, mine: here, other: there, change: here === "" ? "removed" : there === "" ? "added" : "changed" };
  });
  const rank = ({ change }: PackageRow) => ["changed", "added", "removed", ""].indexOf(change);
  return rows.sort((one, two) => rank(one) - rank(two) || one.name.localeCompare(two.name));
}
