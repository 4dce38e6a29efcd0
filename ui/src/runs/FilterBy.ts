import { createContext } from "react";

/** What a click on a value does: adds its term to the filter. */
export const FilterBy = createContext<(term: string) => void>(() => {});
