import { createElement, type ReactNode } from "react";
import type { Schemas } from "@/api/types";
import { CodeLines } from "./CodeLines";
import style from "./Markdown.module.css";

type Node = Schemas["MarkdownNode"];

const TAGS = new Set("h1 h2 h3 h4 h5 h6 p ul ol li blockquote table thead tbody tr th td strong em s code".split(" "));

/** A text that was displayed, as the server has read it: elements of a short list alone, and nothing loaded. */
export function Markdown({ nodes }: { nodes: readonly Node[] }) {
  return <div className={style.text}>{nodes.map(drawn)}</div>;
}

function drawn(node: Node, at: number): ReactNode {
  const inside = node.nodes.length ? node.nodes.map(drawn) : node.text;
  if (node.tag === "hr" || node.tag === "br") return createElement(node.tag, { key: at });
  if (node.tag === "pre") return <CodeLines key={at} lines={node.lines} />;
  if (node.tag === "img") return <img key={at} src={node.href} alt={node.text} />;
  if (node.tag === "a" && node.href) {
    return (
      <a key={at} href={node.href} target="_blank" rel="noopener noreferrer">
        {inside}
      </a>
    );
  }
  if (node.tag === "table") {
    return (
      <div key={at} className={style.wide}>
        <table>{inside}</table>
      </div>
    );
  }
  // The page's own titles stand above: a report's begin below them.
  const tag = /^h[1-5]$/.test(node.tag) ? `h${Number(node.tag[1]) + 1}` : node.tag;
  return TAGS.has(tag) ? createElement(tag, { key: at, "data-tag": node.tag }, inside) : inside;
}
