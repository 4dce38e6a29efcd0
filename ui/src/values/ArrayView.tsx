import { useState } from "react";
import { addressOf } from "@/api/ask";
import { Failure } from "@/parts/Failure";
import style from "./ArrayView.module.css";
import { shapeText } from "./kinds";
import { Drawn } from "./Picture";
import { digestOf, inQuery, type Value, type ValuePlace } from "./place";
import { useBlob } from "./useBlob";

const PIXELS = 1024;

/** Which leading axes have to be chosen along, so that a picture of two dimensions (or three, with colours) is left. */
export function leadingAxes(shape: readonly number[]): number[] {
  const colours = shape.length > 2 && (shape.at(-1) ?? 0) <= 4 ? 3 : 2;
  return shape.slice(0, Math.max(0, shape.length - colours));
}

/** Where along its leading axes, where that is said from outside: in the address. */
export interface ArrayState {
  at?: readonly number[];
  onAt?: (at: readonly number[]) => void;
}

/** An array of two dimensions or more as a picture, along whose other axes one moves. */
export function ArrayView({ value, place, ...given }: { value: Value; place: ValuePlace } & ArrayState) {
  const shape = value.shape ?? [];
  const axes = leadingAxes(shape);
  const [own, setOwn] = useState<readonly number[]>([]);
  const setAt = given.onAt ?? setOwn;
  const at = axes.map((size, axis) => Math.min(size - 1, Math.max(0, (given.at ?? own)[axis] ?? 0)));
  const query = { ...inQuery(place), w: PIXELS, h: PIXELS, ...(axes.length ? { slice: at } : {}) };
  const address = addressOf("/artifacts/{digest}/image", { digest: digestOf(value) }, query);
  const { url, error } = useBlob(address, "", true);
  const [height = 0, width = 0] = shape.slice(axes.length);
  const step = Math.max(1, Math.ceil(height / PIXELS), Math.ceil(width / PIXELS));
  const label = `${value.type} ${shapeText(shape)}`;
  return (
    <div className={style.array}>
      {error ? <Failure error={error} /> : <Drawn url={url} label={label} />}
      {axes.map((size, axis) => (
        <Slider
          // biome-ignore lint/suspicious/noArrayIndexKey: an axis is its place
          key={axis}
          label={`axis ${axis}`}
          value={at[axis] ?? 0}
          most={size - 1}
          onChange={(next) => setAt(at.map((one, place) => (place === axis ? next : one)))}
        />
      ))}
      {step > 1 && <p className={style.note}>each {step.toLocaleString("en")}th row and column is drawn</p>}
    </div>
  );
}

interface SliderProps {
  label: string;
  value: number;
  most: number;
  onChange: (value: number) => void;
  /** What the place is called; the place itself, if nothing. */
  said?: string;
}

/** A place along an axis or a series, by pointer or arrows. */
export function Slider({ label, value, most, onChange, said }: SliderProps) {
  const text = said ?? `${value.toLocaleString("en")} of ${most.toLocaleString("en")}`;
  return (
    <label className={style.slider}>
      <span>{label}</span>
      <input
        type="range"
        min={0}
        max={most}
        value={value}
        aria-valuetext={text}
        onChange={(event) => onChange(event.target.valueAsNumber)}
      />
      <output>{text}</output>
    </label>
  );
}
