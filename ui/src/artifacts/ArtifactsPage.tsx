export default function ArtifactsPage() {
  return <h1>Artifacts</h1>;
}
