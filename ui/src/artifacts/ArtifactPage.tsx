export default function ArtifactPage({ digest }: { digest: string }) {
  return <h1>{digest}</h1>;
}
