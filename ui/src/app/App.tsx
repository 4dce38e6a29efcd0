import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { useAsk } from "@/api/useAsk";

const queries = new QueryClient({ defaultOptions: { queries: { retry: 1, staleTime: 10_000 } } });

export function App() {
  return (
    <QueryClientProvider client={queries}>
      <Project />
    </QueryClientProvider>
  );
}

function Project() {
  const { data, error } = useAsk("/meta");
  return <h1>{error ? error.message : (data?.project ?? "")}</h1>;
}
