// Opens exported diagrams with the programs they are for: Mermaid's parser, Excalidraw's restore, draw.io's graph model
// (maxGraph). Prints what each has understood, as JSON. usage: node open.mjs FILE…
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const require = createRequire(pathToFileURL(process.env.BRIDGEWALK_NODE_MODULES + '/'));
const load = (name) => import(pathToFileURL(require.resolve(name)).href);
const { JSDOM } = await load('jsdom');
const window = new JSDOM('<!doctype html><body></body>', { pretendToBeVisual: true, url: 'http://localhost/' }).window;
for (const name of Object.getOwnPropertyNames(window)) {
  if (!(name in globalThis)) globalThis[name] = window[name];
}
globalThis.window = window;
globalThis.document = window.document;
for (const name of ['navigator', 'DOMParser', 'XMLSerializer', 'Element', 'HTMLElement', 'Node']) {
  Object.defineProperty(globalThis, name, { value: window[name], configurable: true, writable: true });
}
// Excalidraw measures text on a canvas, which jsdom has not.
const canvas = () =>
  new Proxy(function () {}, {
    get: (_, key) =>
      key === 'measureText' ? (text) => ({ width: text.length * 8 }) : key === Symbol.toPrimitive ? () => 0 : canvas(),
    apply: () => canvas(),
    set: () => true,
  });
window.HTMLCanvasElement.prototype.getContext = () => canvas();
window.FontFace = globalThis.FontFace = class {
  load() {
    return Promise.resolve(this);
  }
};
window.document.fonts = { add() {}, load: async () => [], has: () => true };
globalThis.devicePixelRatio = 1;
const ran = [];
globalThis.alert = window.alert = (what) => ran.push(String(what));

async function mermaid(text) {
  const { default: mermaid } = await load('mermaid');
  mermaid.initialize({ securityLevel: 'strict', startOnLoad: false, maxTextSize: 10_000_000, maxEdges: 100_000 });
  const diagram = await mermaid.mermaidAPI.getDiagramFromText(text);
  const data = diagram.db.getData();
  const plain = (label) => (label ?? '').replace(/ﬂ°°(\d+)¶ß/g, (_, code) => String.fromCodePoint(Number(code)));
  return {
    type: diagram.type,
    boxes: data.nodes.filter((node) => !node.isGroup).length,
    texts: data.nodes.flatMap((node) => plain(node.label).split('<br/>')),
    connectors: data.edges.length,
    attached: data.edges.filter((edge) => edge.start && edge.end).length,
  };
}

async function excalidraw(text) {
  const { default: utils } = await load('@excalidraw/utils');
  const { elements, appState, files } = JSON.parse(text);
  // Restores the elements, then draws them.
  const svg = await utils.exportToSvg({ elements, appState, files });
  const ids = new Map(elements.map((element) => [element.id, element]));
  const arrows = elements.filter((element) => element.id.startsWith('e'));
  const isBound = (arrow, binding) =>
    binding && ids.get(binding.elementId)?.boundElements?.some((bound) => bound.id === arrow.id);
  return {
    boxes: elements.filter((element) => element.id.startsWith('n')).length,
    texts: [...svg.querySelectorAll('text')].map((text) => text.textContent),
    connectors: arrows.length,
    attached: arrows.filter((arrow) => isBound(arrow, arrow.startBinding) && isBound(arrow, arrow.endBinding)).length,
  };
}

async function drawio(text) {
  const { ModelXmlSerializer, GraphDataModel, Graph } = await load('@maxgraph/core');
  const model = new DOMParser().parseFromString(text, 'text/xml').querySelector('mxGraphModel');
  const xml = new XMLSerializer().serializeToString(model);
  const data = new GraphDataModel();
  new ModelXmlSerializer(data).import(xml);
  const cells = Object.values(data.cells);
  const edges = cells.filter((cell) => cell.isEdge() && cell.id.startsWith('e'));
  return {
    boxes: cells.filter((cell) => cell.isVertex() && cell.id.startsWith('n')).length,
    texts: cells.filter((cell) => cell.isVertex() && cell.value).map((cell) => String(cell.value)),
    connectors: edges.length,
    attached: edges.filter((edge) => edge.getTerminal(true) && edge.getTerminal(false)).length,
  };
}

const programs = { mmd: mermaid, excalidraw, drawio };
const opened = {};
for (const file of process.argv.slice(2)) {
  const ending = file.split('.').pop();
  opened[ending] = await programs[ending](readFileSync(file, 'utf8'));
}
console.log(JSON.stringify({ opened, ran }));
process.exit(0);
