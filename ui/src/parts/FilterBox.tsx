import { ListFilter, X } from "lucide-react";
import { type KeyboardEvent, useEffect, useId, useRef, useState } from "react";
import { flushSync } from "react-dom";
import type { ApiError } from "@/api/ask";
import { useKeys } from "@/app/keys";
import css from "./FilterBox.module.css";
import { Kbd } from "./Kbd";
import { type Complete, type Completion, useCompletion } from "./useCompletion";

interface FilterBoxProps {
  /** What is filtered: "Filter runs". */
  label: string;
  placeholder: string;
  value: string;
  /** Told as one pauses typing; `isDone`: of what was entered, a step to go back to. */
  onChange: (value: string, isDone: boolean) => void;
  /** What the server says is wrong with it, and where. */
  error?: ApiError | null;
  complete?: Complete;
}

const PAUSE_MS = 250;

/** A box for the language of filters: what may stand at the cursor is offered, what is wrong is marked where it stands. */
export function FilterBox({ label, placeholder, value, onChange, error = null, complete }: FilterBoxProps) {
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  const [text, setText] = useState(value);
  const told = useRef(value);
  const timer = useRef(0);
  const offered = useCompletion(complete);

  useEffect(() => {
    // Changed from elsewhere: by a click on a value, or by going back.
    if (value === told.current) return;
    told.current = value;
    setText(value);
  }, [value]);
  useEffect(() => () => window.clearTimeout(timer.current), []);
  useKeys({
    "/": { does: label, group: "Table", run: begin },
  });

  // By its key one goes on after what is there: with a word of its own.
  function begin(): void {
    const next = text && `${text.trimEnd()} `;
    setText(next); // which puts the caret at its end
    input.current?.focus();
    input.current?.setSelectionRange(text.length, text.length);
  }

  function tell(next: string, isDone: boolean): void {
    window.clearTimeout(timer.current);
    if (next.trim() === told.current && !isDone) return;
    told.current = next.trim();
    onChange(next.trim(), isDone);
  }

  function type(next: string, at: number): void {
    setText(next);
    offered.ask(next, at);
    window.clearTimeout(timer.current);
    timer.current = window.setTimeout(() => tell(next, false), PAUSE_MS);
  }

  function take(at: number): void {
    const { completion } = offered;
    const word = completion?.words[at];
    if (!completion || !word) return;
    const isName = /[:<>=]$/.test(word.text) || ["metric", "parameter"].includes(word.kind);
    const before = text.slice(0, completion.at) + word.text + (isName ? "" : " ");
    // What was typed since the words were asked for belongs to the word that one of them takes the place of.
    const next = before + text.slice(completion.end).replace(/^\S+/, "").trimStart();
    flushSync(() => type(next, before.length)); // the caret stands there before the next key comes
    input.current?.setSelectionRange(before.length, before.length);
  }

  function onKeyDown(event: KeyboardEvent<HTMLInputElement>): void {
    if (event.nativeEvent.isComposing) return;
    const { key } = event;
    if (offered.isOpen && (key === "ArrowDown" || key === "ArrowUp")) offered.move(key === "ArrowDown" ? 1 : -1);
    else if (offered.isOpen && key === "Escape") offered.close();
    else if (key === "Escape") input.current?.blur();
    else if (offered.isOpen && (key === "Tab" || key === "Enter") && offered.at >= 0) take(offered.at);
    else if (key === "Enter") {
      offered.close();
      tell(text, true);
      input.current?.blur();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  const wrong = error?.at !== null && error?.at !== undefined && text.trim() === value ? error : null;
  return (
    <div className={css.box} data-wrong={error !== null || undefined}>
      <ListFilter size={15} aria-hidden className={css.icon} />
      <div className={css.field}>
        {wrong && <Marked text={text} at={wrong.at ?? 0} />}
        <input
          ref={input}
          type="text"
          role="combobox"
          spellCheck={false}
          autoComplete="off"
          autoCapitalize="off"
          enterKeyHint="search"
          aria-label={label}
          aria-expanded={offered.isOpen}
          aria-controls={`${id}list`}
          aria-autocomplete="list"
          aria-activedescendant={offered.isOpen && offered.at >= 0 ? `${id}${offered.at}` : undefined}
          aria-invalid={error !== null}
          aria-describedby={error ? `${id}error` : undefined}
          placeholder={placeholder}
          value={text}
          onChange={(event) => type(event.target.value, event.target.selectionStart ?? event.target.value.length)}
          onFocus={(event) => offered.ask(text, event.target.selectionStart ?? text.length)}
          onBlur={() => {
            offered.close();
            tell(text, false);
          }}
          onKeyDown={onKeyDown}
        />
      </div>
      {text ? (
        <button
          type="button"
          className={css.clear}
          aria-label="Clear the filter"
          onClick={() => {
            setText("");
            tell("", true);
            input.current?.focus();
          }}
        >
          <X size={14} aria-hidden />
        </button>
      ) : (
        <Kbd keys="/" />
      )}
      <Offered id={id} {...offered} onTake={take} />
      {error && !offered.isOpen && (
        <p className={css.error} id={`${id}error`} role="alert">
          {error.message.split("\n")[0]}
        </p>
      )}
    </div>
  );
}

/** The same text below the input's, with a line under the word that is wrong. */
function Marked({ text, at }: { text: string; at: number }) {
  const end = at + (/^[^\s)]+/.exec(text.slice(at))?.[0].length ?? 1);
  return (
    <span className={css.marked} aria-hidden>
      {text.slice(0, at)}
      <mark>{text.slice(at, end) || " "}</mark>
    </span>
  );
}

interface OfferedProps {
  id: string;
  completion: Completion | null;
  isOpen: boolean;
  at: number;
  onTake: (at: number) => void;
}

function Offered({ id, completion, isOpen, at, onTake }: OfferedProps) {
  return (
    <div className={css.list} role="listbox" id={`${id}list`} aria-label="What may stand here" hidden={!isOpen}>
      {isOpen &&
        completion?.words.map((word, number) => (
          <div
            role="option"
            tabIndex={-1}
            key={`${word.kind} ${word.text}`}
            id={`${id}${number}`}
            aria-selected={number === at}
            className={css.option}
            ref={number === at ? (one) => one?.scrollIntoView({ block: "nearest" }) : undefined}
            onPointerDown={(event) => {
              event.preventDefault(); // the box keeps the focus
              onTake(number);
            }}
          >
            <code>{word.text}</code>
            <span>{word.help || word.kind}</span>
          </div>
        ))}
    </div>
  );
}
