// Renders what the others have found as a page, which is shown with the run.
import fs from "node:fs";

const { default: penstock } = await import(process.env.PENSTOCK_HELPERS + "/penstock.cjs");
const model = penstock.read("model.json");
const counts = penstock.read("counts.json");
const plot = fs.readFileSync(penstock.input("plot.png")).toString("base64");

const rows = (values, shown) =>
  Object.entries(values)
    .map(([name, value]) => `<tr><th>${name}</th><td>${shown(value)}</td></tr>`)
    .join("\n");
const html = `<!doctype html>
<meta charset="utf-8">
<title>${penstock.parameters.title}</title>
<h1>${penstock.parameters.title}</h1>
<p>The model explains ${(100 * model.r_squared).toFixed(1)} % of the variance.</p>
<table>${rows(model.coefficients, (value) => value.toPrecision(4))}</table>
<img alt="fitted against measured" src="data:image/png;base64,${plot}">
<h2>Body mass index</h2>
<table>${rows(counts, String)}</table>
`;
penstock.write("page.html", html);
penstock.display({ html }, { name: "report", caption: penstock.parameters.title });
console.log(`a report of ${html.length} characters`);
