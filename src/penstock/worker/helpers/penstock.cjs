// What a step of Penstock is given and gives back, for Node:
//   const penstock = require(process.env.PENSTOCK_HELPERS + "/penstock.cjs");
//   const { default: penstock } = await import(process.env.PENSTOCK_HELPERS + "/penstock.cjs");   // in a module, .mjs
//
//   penstock.read("fit.json")                         an input, by its format: .json, .csv (an array of objects), .txt;
//                                                     penstock.input("table.arrow") is its path
//   penstock.parameters.title                         the parameters of the call
//   penstock.write("counts.json", { words: 3 })       an output, by its format; penstock.output("page.html") is its path
//   penstock.metrics({ loss: 0.25 }, 3)               points of curves; the step may be left out
//   penstock.progress(30, 100)
//   penstock.tag("best"); penstock.note("..."); penstock.name("...")
//   penstock.display("page.html", { caption: "..." }) a file; { html }, { markdown } or { json } in its place
//   penstock.checkpoint("state.json")                 path of a file that the task's next attempt finds
//
// It needs Node alone. Outside of a step inputs and outputs are files of the current folder, and what is recorded goes
// nowhere.
"use strict";

const fs = require("node:fs");
const path = require("node:path");

const place = (variable) => (name) => path.join(process.env[variable] || ".", name ?? "");
const input = place("PENSTOCK_INPUTS");
const output = place("PENSTOCK_OUTPUTS");
const checkpoint = place("PENSTOCK_CHECKPOINTS");
const ending = (name) => path.extname(name).slice(1).toLowerCase();

function read(name) {
  const file = input(name);
  if (!fs.existsSync(file)) {
    throw new Error(`there is no input ${name}: there are ${fs.readdirSync(input()).join(", ")}`);
  }
  const readers = { json: JSON.parse, csv: fromCsv, txt: (text) => text };
  const reader = readers[ending(name)];
  if (!reader) throw new Error(`read() reads .csv, .json and .txt: read ${file} with what its format asks for`);
  return reader(fs.readFileSync(file, "utf8").replace(/^\ufeff/, ""));
}

function write(name, value) {
  const writers = { json: toJson, csv: toCsv, txt: String, html: String };
  const writer = writers[ending(name)];
  const file = output(name);
  if (!writer) throw new Error(`write() writes .csv, .json, .txt and .html: write ${file} with what its format asks for`);
  fs.writeFileSync(file, writer(value));
  return file;
}

function toJson(value) {
  const text = JSON.stringify(value, (key, item) => {
    if (typeof item === "number" && !Number.isFinite(item)) {
      throw new Error(`JSON has no word for ${item}, which ${key || "the value"} is: give null`);
    }
    return item;
  });
  if (text === undefined) throw new Error(`JSON has no word for ${value}: give null`);
  return text;
}

// A number where a field is one, null where it is empty and not quoted, else a text.
function fromCsv(text) {
  const fields = /("(?:[^"]|"")*"|[^",\r\n]*)(,|\r?\n|$)/gy;
  const rows = [];
  let row = [];
  for (let found = fields.exec(text); found !== null; found = fields.exec(text)) {
    row.push(found[1]);
    const isLast = fields.lastIndex >= text.length;
    if (found[2] !== ",") {
      if (row.length > 1 || row[0] !== "") rows.push(row);
      row = [];
      if (isLast) break;
    }
  }
  if (fields.lastIndex < text.length) throw new Error(`row ${rows.length + 1} of the CSV can't be read`);
  const names = (rows.shift() ?? []).map((field) => String(unquoted(field) ?? ""));
  return rows.map((fields_) => Object.fromEntries(names.map((name, at) => [name, unquoted(fields_[at] ?? "")])));
}

function unquoted(field) {
  if (field.startsWith('"')) return field.slice(1, -1).replaceAll('""', '"');
  if (field === "") return null;
  const number = Number(field);
  return Number.isNaN(number) || field.trim() !== field ? field : number;
}

function toCsv(rows) {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const quoted = (value) => {
    const text = value === null || value === undefined ? "" : String(value);
    return /[",\r\n]/.test(text) || (text === "" && value === "") ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [names, ...rows.map((row) => names.map((name) => row[name]))].map((row) => `${row.map(quoted).join(",")}\n`).join("");
}

let records = null;

function record(said) {
  if (!process.env.PENSTOCK_RECORDS) return;
  records ??= fs.openSync(process.env.PENSTOCK_RECORDS, "a");
  const line = Buffer.from(`${spelled(said)}\n`);
  for (let at = 0; at < line.length; ) at += fs.writeSync(records, line, at);
}

// A curve may have points that are no numbers; plain JSON would make null of them.
function spelled(value) {
  if (typeof value === "number") return Number.isNaN(value) ? "NaN" : String(value);
  if (Array.isArray(value)) return `[${value.map((item) => spelled(item ?? null)).join(",")}]`;
  if (value === null || typeof value !== "object" || typeof value.toJSON === "function") return JSON.stringify(value ?? null);
  const items = Object.entries(value).filter(([, item]) => item !== undefined);
  return `{${items.map(([name, item]) => `${JSON.stringify(name)}:${spelled(item)}`).join(",")}}`;
}

let parameters = null;

module.exports = {
  get parameters() {
    const file = process.env.PENSTOCK_PARAMETERS;
    parameters ??= file ? JSON.parse(fs.readFileSync(file, "utf8")) : {};
    return parameters;
  },
  input,
  output,
  checkpoint,
  read,
  write,
  metrics: (values, step) => record({ metrics: values, step }),
  progress: (done, total, label) => record({ progress: done, total, label }),
  tag: (...tags) => record({ tag: tags.flat() }),
  note: (text) => record({ note: text }),
  name: (text) => record({ run_name: text }),
  display: (what, { name, caption, step } = {}) =>
    record({ display: typeof what === "string" ? path.resolve(what) : what, name, caption, step }),
};
