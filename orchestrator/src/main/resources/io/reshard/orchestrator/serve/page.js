// Asks the server every two seconds and shows what it says. All text is set as text, never as markup.

import { draw } from './chart.js';

const PERIOD = 2000;
const STALE = 10000;
const PHASES = ['PLANNING', 'COPYING', 'REPLICATING', 'VERIFYING', 'CUTTING_OVER', 'CLEANING_UP'];
const TERMINAL = ['COMPLETED', 'ROLLED_BACK', 'FAILED'];
const HEALTH = { HEALTHY: 'good', DEGRADED: 'fair', UNHEALTHY: 'bad' };
const STATUS = { active: 'good', pending: 'fair', failed: 'bad', to_be_deleted: '' };

const byId = (id) => document.getElementById(id);
const count = new Intl.NumberFormat('en');
const clock = (at) => new Date(at).toLocaleTimeString([], { hour12: false });
const words = (name) => name.charAt(0) + name.slice(1).toLowerCase().replaceAll('_', ' ');

let wanted = null;

function node(name, text, className) {
  const made = document.createElement(name);
  if (text !== undefined && text !== null) made.textContent = text;
  if (className) made.className = className;
  return made;
}

function set(id, text) {
  if (byId(id).textContent !== text) byId(id).textContent = text;
}

function duration(millis) {
  const seconds = millis / 1000;
  if (seconds < 1) return `${Math.round(millis)} ms`;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 120 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

function bytes(amount) {
  const units = ['B', 'KB', 'MB', 'GB', 'TB', 'PB'];
  const unit = amount < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(amount) / 10));
  return `${(amount / 1024 ** unit).toFixed(unit === 0 ? 0 : 1)} ${units[unit]}`;
}

function short(value) {
  return value >= 10000 ? `${count.format(Math.round(value / 100) / 10)} k` : count.format(Math.round(value * 10) / 10);
}

function lastPassage(status, phase) {
  return status.history.findLast((one) => one.phase === phase);
}

function showPhases(status, now) {
  const entered = status.history.filter((one) => !TERMINAL.includes(one.phase)).at(-1);
  byId('phases').replaceChildren(...PHASES.map((phase) => {
    const passage = lastPassage(status, phase);
    const broken = status.phase === 'FAILED' && entered?.phase === phase;
    const current = status.phase === phase;
    const done = passage?.completedAt && !broken;
    const item = node('li', words(phase), broken ? 'broken' : done ? 'done' : current ? 'now' : '');
    if (current) item.setAttribute('aria-current', 'step');
    const took = passage && (passage.durationMillis ?? Date.parse(now) - Date.parse(passage.startedAt));
    item.append(node('small', broken ? 'failed' : passage ? `${done ? 'done in' : 'for'} ${duration(took)}` : 'not yet'));
    return item;
  }));
}

function showFigures(shown) {
  const { status } = shown;
  const sum = (key) => status.steps.reduce((all, one) => all + one[key], 0);
  const copied = sum('rowsCopied');
  const share = shown.totalRows === 0 ? 1 : Math.min(1, copied / shown.totalRows);
  const over = TERMINAL.includes(status.phase);
  const figures = [
    ['Rows copied', `${count.format(copied)} of about ${count.format(shown.totalRows)}`],
    ['Bytes', `${bytes(share * shown.totalBytes)} of about ${bytes(shown.totalBytes)}`],
    ['Changes replicated', count.format(sum('rowsReplicated'))],
    ['Throughput', over ? '–' : `${short(shown.rowsPerSecond)} rows/s`],
    ['Lag', status.lagMillis === null ? '–' : duration(status.lagMillis)],
    ['Time left (copy)', status.estimatedSecondsLeft === null ? '–' : `about ${duration(status.estimatedSecondsLeft * 1000)}`],
    ['Started', new Date(status.startedAt).toLocaleString([], { hour12: false })],
    ['Driven by', shown.driver ?? (over ? '–' : 'nobody')],
  ];
  byId('figures').replaceChildren(...figures.map(([term, value]) => {
    const group = node('div');
    group.append(node('dt', term), node('dd', value));
    return group;
  }));
}

function bar(share, label) {
  const percent = Math.floor(share * 100);
  const whole = node('div', null, 'bar');
  const track = node('span');
  track.setAttribute('role', 'progressbar');
  track.setAttribute('aria-label', label);
  track.setAttribute('aria-valuemin', 0);
  track.setAttribute('aria-valuemax', 100);
  track.setAttribute('aria-valuenow', percent);
  const filled = node('span');
  filled.style.width = `${percent}%`;
  track.append(filled);
  whole.append(track, node('span', `${percent} %`));
  return whole;
}

function cell(content, className) {
  const made = node('td', null, className);
  made.append(content);
  return made;
}

function row(...cells) {
  const made = node('tr');
  made.append(...cells);
  return made;
}

function showSteps(shown) {
  const copying = shown.status.history.findLast((one) => one.phase === 'COPYING');
  const copied = Boolean(copying?.completedAt) && shown.status.lastCompletedPhase !== 'PLANNING';
  byId('steps').replaceChildren(...shown.plan.map((step, index) => {
    const { rowsCopied, rowsReplicated, rowsVerified, verified } = shown.status.steps[index];
    const share = copied ? 1 : Math.min(1, rowsCopied / Math.max(1, step.estimatedRows));
    return row(
      cell(`${step.source} → ${step.target}`, 'name'),
      cell(step.keyRange),
      cell(bar(share, `${step.source} to ${step.target}`), 'wide'),
      cell(count.format(rowsCopied), 'number'),
      cell(count.format(rowsReplicated), 'number'),
      cell(verified ? node('span', 'verified', 'pill good') : node('span', rowsVerified > 0 ? `${count.format(rowsVerified)} so far` : 'not yet', 'quiet')));
  }));
}

function showHistory(status) {
  byId('history').replaceChildren(...status.history.map((one) => row(
    cell(words(one.phase)),
    cell(clock(one.startedAt)),
    cell(one.completedAt === null ? '–' : clock(one.completedAt)),
    cell(one.durationMillis === null ? 'still there' : duration(one.durationMillis), 'number'))));
}

function showTopology(shards) {
  byId('shards').replaceChildren(...shards.map((shard) => {
    const status = cell(node('span', shard.status.replaceAll('_', ' '), `pill ${STATUS[shard.status] ?? ''}`));
    if (shard.reason) status.append(' ', node('span', shard.reason, 'quiet'));
    return row(cell(shard.id, 'name'), cell(shard.node ?? '–'), status, cell(shard.before ?? '–'), cell(shard.after ?? '–'));
  }));
}

function showHindrance(shown) {
  const notice = byId('hindrance');
  notice.hidden = shown.hindrance === null;
  if (shown.hindrance === null) return;
  notice.className = `notice ${shown.status.error === null ? 'fair' : 'bad'}`;
  set('reason', shown.hindrance.reason);
  set('remedy', shown.hindrance.remedy);
}

function showOperation(view) {
  const { shown } = view;
  byId('operation').hidden = shown === null;
  byId('nothing').hidden = shown !== null;
  if (shown === null) return;
  set('title', `${shown.status.id} · ${words(shown.status.phase)}`);
  set('percent', `${shown.status.overallPercentComplete.toFixed(1)} %`);
  document.title = `${shown.status.overallPercentComplete.toFixed(0)} % ${words(shown.status.phase)} · reshard`;
  showPhases(shown.status, view.now);
  showHindrance(shown);
  showFigures(shown);
  showSteps(shown);
  showHistory(shown.status);
  const series = (key) => shown.samples.map((one) => ({ at: Date.parse(one.at), value: one[key] }));
  draw(byId('rate'), series('rowsPerSecond'), { label: 'Rows per second', format: short, clock, least: 10 });
  draw(byId('lag'), series('lagMillis'), { label: 'Lag', format: duration, clock, least: 1000 });
}

function showChooser(view) {
  byId('chooser').hidden = view.operations.length < 2;
  const key = JSON.stringify(view.operations.map((one) => [one.id, one.phase]));
  const select = byId('operations');
  if (select.dataset.key !== key) {
    select.dataset.key = key;
    select.replaceChildren(...view.operations.map((one) => {
      const option = node('option', `${one.id} (${words(one.phase)})`);
      option.value = one.id;
      return option;
    }));
  }
  if (view.shown !== null) select.value = view.shown.status.id;
}

function showHealth(health) {
  byId('health').className = `pill ${HEALTH[health.status]}`;
  set('health', words(health.status));
  set('health-text', health.description);
}

function sayOffline(text) {
  byId('offline').hidden = text === null;
  if (text !== null) set('offline', text);
}

async function refresh() {
  try {
    const query = wanted === null ? '' : `?id=${encodeURIComponent(wanted)}`;
    const [view, health] = await Promise.all([fetch(`api/view${query}`), fetch('health')]);
    showHealth(await health.json());
    const content = await view.json();
    if (!view.ok) {
      sayOffline(`${content.code}: ${content.message}`);
      return;
    }
    const age = Date.parse(content.now) - Date.parse(content.takenAt);
    sayOffline(age < STALE ? null : 'The control database has not answered for a while; this is what was seen last.');
    set('version', content.topologyVersion === 0 ? 'no topology registered' : `topology version ${content.topologyVersion}`);
    showChooser(content);
    showOperation(content);
    showTopology(content.shards);
  } catch (error) {
    sayOffline(`reshard serve does not answer (${error.message}). What follows is old; it is asked again.`);
  }
}

async function loop() {
  await refresh();
  setTimeout(loop, PERIOD);
}

byId('operations').addEventListener('change', (event) => {
  wanted = event.target.value;
  refresh();
});
loop();
