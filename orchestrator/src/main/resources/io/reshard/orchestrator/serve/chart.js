// A line over time, drawn as SVG. Points without a value leave a gap.

const WIDTH = 560;
const HEIGHT = 170;
const LEFT = 58;
const RIGHT = 8;
const TOP = 10;
const BOTTOM = 24;
const NAMESPACE = 'http://www.w3.org/2000/svg';

function element(name, attributes, text) {
  const made = document.createElementNS(NAMESPACE, name);
  Object.entries(attributes).forEach(([key, value]) => made.setAttribute(key, value));
  if (text !== undefined) made.textContent = text;
  return made;
}

/** The next of 1, 2, 5, 10, 20, … so that the axis has round numbers. */
function roundUp(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((factor) => factor * power).find((one) => one >= value * 0.999999);
}

function stretches(points) {
  const all = [[]];
  points.forEach((point) => {
    if (point.value === null) all.push([]);
    else all.at(-1).push(point);
  });
  return all.filter((one) => one.length > 0);
}

/**
 * Draws points ({ at: milliseconds, value: number or null }) into a figure.
 * format turns a value into text, clock a time.
 */
export function draw(figure, points, { label, format, clock, least }) {
  const known = points.filter((point) => point.value !== null);
  if (known.length < 2) {
    const empty = document.createElement('figcaption');
    empty.textContent = 'Nothing seen yet since reshard serve was started.';
    figure.replaceChildren(empty);
    return;
  }
  const from = points[0].at;
  const until = Math.max(points.at(-1).at, from + 1000);
  const top = roundUp(Math.max(least, ...known.map((point) => point.value)));
  const x = (at) => LEFT + ((at - from) / (until - from)) * (WIDTH - LEFT - RIGHT);
  const y = (value) => TOP + (1 - value / top) * (HEIGHT - TOP - BOTTOM);

  const latest = known.at(-1);
  const svg = element('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img' });
  svg.append(element('title', {}, `${label}: now ${format(latest.value)}, at most ${format(Math.max(...known.map((one) => one.value)))}`));
  [0, 0.5, 1].forEach((share) => {
    svg.append(element('line', { class: 'grid', x1: LEFT, x2: WIDTH - RIGHT, y1: y(top * share), y2: y(top * share) }));
    svg.append(element('text', { class: 'tick', x: LEFT - 6, y: y(top * share) + 4, 'text-anchor': 'end' }, format(top * share)));
  });
  svg.append(element('text', { class: 'tick', x: LEFT, y: HEIGHT - 6 }, clock(from)));
  svg.append(element('text', { class: 'tick', x: WIDTH - RIGHT, y: HEIGHT - 6, 'text-anchor': 'end' }, clock(until)));
  stretches(points).forEach((stretch) => {
    const path = stretch.map((point) => `${x(point.at).toFixed(1)},${y(point.value).toFixed(1)}`).join(' L');
    const ends = `L${x(stretch.at(-1).at).toFixed(1)},${y(0)} L${x(stretch[0].at).toFixed(1)},${y(0)} Z`;
    svg.append(element('path', { class: 'area', d: `M${path} ${ends}` }));
    svg.append(element('path', { class: 'line', d: `M${path}` }));
  });

  const caption = document.createElement('figcaption');
  const tell = (point) => { caption.textContent = `${clock(point.at)} · ${format(point.value)}`; };
  tell(latest);
  svg.addEventListener('pointermove', (event) => {
    const box = svg.getBoundingClientRect();
    const at = from + (((event.clientX - box.left) / box.width) * WIDTH - LEFT) / (WIDTH - LEFT - RIGHT) * (until - from);
    tell(known.reduce((best, one) => (Math.abs(one.at - at) < Math.abs(best.at - at) ? one : best)));
  });
  svg.addEventListener('pointerleave', () => tell(latest));
  figure.replaceChildren(svg, caption);
}
