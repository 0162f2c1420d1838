// What scripts/page does with a running browser, over its debugging protocol.
import { readFileSync, writeFileSync } from "node:fs";
import { basename, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [address, out, ...reports] = process.argv.slice(2);
const socket = new WebSocket(address);
await new Promise((opened, failed) => {
  socket.onopen = opened;
  socket.onerror = failed;
});

let last = 0;
const waiting = new Map();
const faults = [];
socket.onmessage = ({ data }) => {
  const message = JSON.parse(data);
  if (message.id) {
    const { done, failed } = waiting.get(message.id);
    waiting.delete(message.id);
    return message.error ? failed(new Error(JSON.stringify(message.error))) : done(message.result);
  }
  const { method, params } = message;
  if (method === "Runtime.consoleAPICalled") faults.push(`console: ${params.args?.[0]?.value}`);
  if (method === "Runtime.exceptionThrown") {
    faults.push(`exception: ${params.exceptionDetails.text}`);
  }
  if (method === "Log.entryAdded") faults.push(`log: ${params.entry.text}`);
  if (method === "Network.requestWillBeSent" && !/^(file|data):/.test(params.request.url))
    faults.push(`fetched: ${params.request.url}`);
};
const call = (method, params = {}, sessionId = undefined) =>
  new Promise((done, failed) => {
    waiting.set(++last, { done, failed });
    socket.send(JSON.stringify({ id: last, method, params, sessionId }));
  });

const { targetId } = await call("Target.createTarget", { url: "about:blank" });
const { sessionId } = await call("Target.attachToTarget", { targetId, flatten: true });
const page = (method, params) => call(method, params, sessionId);
for (const domain of ["Page", "Runtime", "Log", "Network"]) await page(`${domain}.enable`);

const SECTIONS = {
  result: ["verdict", "latency", "time", "stages", "batches", "brokers", "errors", "matrix",
    "curve", "compare", "place"],
  comparison: ["verdict", "compare", "runs", "setup", "place"],
};
const check = `(() => {
  const faults = [];
  for (const id of ${JSON.stringify(SECTIONS)}[document.body.dataset.kind]) {
    const section = document.getElementById(id);
    if (!section) faults.push("no section " + id);
    else if (section.innerText.trim().length < 20) faults.push("section " + id + " is empty");
  }
  const wide = document.documentElement.scrollWidth - window.innerWidth;
  if (wide > 0) faults.push("the page is " + wide + " px wider than its window");
  for (const svg of document.querySelectorAll("svg")) {
    const box = svg.viewBox.baseVal;
    for (const mark of svg.querySelectorAll("text,rect,circle,path")) {
      const at = mark.getBBox();
      if (at.x < box.x - 1 || at.x + at.width > box.x + box.width + 2 ||
          at.y < box.y - 1 || at.y + at.height > box.y + box.height + 1)
        faults.push("outside of its drawing: " + svg.querySelector("title").textContent + ": " +
          mark.outerHTML.slice(0, 90));
    }
  }
  return faults;
})()`;

for (const report of reports) {
  const name = basename(report, ".html");
  for (const [width, height, screen] of [[1280, 900, "desktop"], [390, 844, "phone"]]) {
    await page("Emulation.setDeviceMetricsOverride",
      { width, height, deviceScaleFactor: 1, mobile: screen === "phone" });
    for (const value of ["light", "dark"]) {
      await page("Emulation.setEmulatedMedia",
        { features: [{ name: "prefers-color-scheme", value }] });
      const loaded = new Promise((done) => {
        const listen = ({ data }) => {
          if (JSON.parse(data).method !== "Page.loadEventFired") return;
          socket.removeEventListener("message", listen);
          done();
        };
        socket.addEventListener("message", listen);
      });
      await page("Page.navigate", { url: pathToFileURL(resolve(report)).href });
      await loaded;
      const { result } = await page("Runtime.evaluate", { expression: check, returnByValue: true });
      faults.push(...result.value.map((fault) => `${name}, ${screen}, ${value}: ${fault}`));
      const { cssContentSize } = await page("Page.getLayoutMetrics");
      const clip = { x: 0, y: 0, width, height: Math.min(cssContentSize.height, 9000), scale: 1 };
      const { data } = await page("Page.captureScreenshot", { clip, captureBeyondViewport: true });
      writeFileSync(`${out}/${name}-${screen}-${value}.png`, Buffer.from(data, "base64"));
    }
  }
  const { data } = await page("Page.printToPDF", { printBackground: true });
  writeFileSync(`${out}/${name}.pdf`, Buffer.from(data, "base64"));
  console.log(`${name}: ${readFileSync(report).length} bytes, four screenshots and a print`);
}
for (const fault of new Set(faults)) console.error(fault);
process.exit(faults.length > 0 ? 1 : 0);
