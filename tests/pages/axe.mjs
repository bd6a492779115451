// Looks at printed pages in headless Chromium: WCAG A and AA by axe, and how many sheets a page takes when it is printed.
// usage: node axe.mjs FOLDER_OF_NODE_MODULES CHROMIUM PAGE.html …   one line of JSON a page
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import path from "node:path";
const [modules, chromium, ...pages] = process.argv.slice(2);
const require = createRequire(path.join(path.resolve(modules), "x.js"));
const puppeteer = require("puppeteer-core");
const axe = require.resolve("axe-core/axe.min.js");
const browser = await puppeteer.launch({ executablePath: chromium, headless: true, args: ["--no-sandbox", "--disable-gpu"] });
for (const file of pages) {
  const page = await browser.newPage();
  const asked = [];
  page.on("request", (r) => { if (!r.url().startsWith("file:") && !r.url().startsWith("data:")) asked.push(r.url()); });
  await page.setViewport({ width: 1280, height: 1000 });
  await page.goto(pathToFileURL(path.resolve(file)).href);
  await page.addScriptTag({ path: axe });
  const found = await page.evaluate(async () => {
    const r = await window.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] });
    return r.violations.map((v) => ({ id: v.id, impact: v.impact, nodes: v.nodes.length, first: v.nodes[0].html.slice(0, 200) }));
  });
  await page.setViewport({ width: 390, height: 800 });
  const wide = await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth + 1);
  const pdf = Buffer.from(await page.pdf({ preferCSSPageSize: true })).toString("latin1");
  const sheets = (pdf.match(/\/Type\s*\/Page[^s]/g) || []).length;
  console.log(JSON.stringify({ file: path.basename(file), violations: found, asked, too_wide_on_a_phone: wide, sheets }));
  await page.close();
}
await browser.close();
