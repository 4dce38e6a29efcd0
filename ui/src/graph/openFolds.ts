/** The ids of the open folds, as the address has them: `fold_4,inner/deeper`. */
export function openFolds(text: string): string[] {
  return text === "" ? [] : text.split(",");
}
