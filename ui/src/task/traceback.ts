/** A traceback of Python's as frames. Pure. */

export interface Frame {
  file: string;
  line: number;
  /** "train", "Model.fit" */
  name: string;
  /** The line itself, where it was known; else "". */
  code: string;
}

const FRAME = /^ {2}File "(.*)", line (\d+)(?:, in (.*))?$/;

/** The frames of the error that was raised last, outermost first. */
export function framesOf(traceback: string): Frame[] {
  let found: Frame[] = [];
  let frame: Frame | null = null;
  for (const line of traceback.split("\n")) {
    const match = FRAME.exec(line);
    if (match) {
      frame = { file: match[1] ?? "", line: Number(match[2]), name: match[3] ?? "", code: "" };
      found.push(frame);
    } else if (/^Traceback \(/.test(line)) {
      found = []; // one that was raised while another was handled
      frame = null;
    } else if (frame?.code === "" && line.startsWith("    ")) {
      frame.code = line.trim();
    } else if (!line.startsWith("    ")) frame = null;
  }
  return found;
}

/** Where the user's code failed: the innermost frame. */
export function failingFrame(traceback: string): Frame | undefined {
  return framesOf(traceback).at(-1);
}

/** "features.py": a path without what it has in common with where the flow's file lies. */
export function shortPath(file: string, flowFile: string): string {
  const folder = flowFile.slice(0, flowFile.lastIndexOf("/") + 1);
  return folder && file.startsWith(folder) ? file.slice(folder.length) : file;
}
