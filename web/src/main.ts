// The page: pictures come in by drop, paste, file and camera; what the server finds is drawn, listed and said.

import { findModel, findPoses, fetchPicture, token, Trouble, type Found, type Model } from './api';
import { Camera, type Shot } from './camera';
import type { Look } from './draw';
import { PeopleList } from './people_list';
import { peopleFound } from './poses';
import { Stage } from './stage';
import { ofThisBrowser } from './storage';
import './style.css';

const find = <T extends HTMLElement = HTMLElement>(id: string): T => document.getElementById(id) as T;

const look: Look = {
  minScore: 0.2,
  joints: true,
  limbs: true,
  boxes: false,
  names: false,
  scores: false,
  ids: false,
  mirrored: false,
};
const stage = new Stage(find('frame'), find<HTMLCanvasElement>('canvas'), find('tip'), look);
const list = new PeopleList(find('people'), (highlight) => stage.light(highlight));
let model: Model | null = null;

// ---- What is said

let spoken = '';
let spokenSoon = 0;
/** To screen readers; of a camera only what has held for a while. */
function say(text: string, afterMilliseconds = 0): void {
  if (text === spoken) return;
  spoken = text;
  clearTimeout(spokenSoon);
  spokenSoon = window.setTimeout(() => (find('live').textContent = text), afterMilliseconds);
}

function write(id: string, text: string): void {
  const target = find(id);
  if (target.textContent !== text) target.textContent = text;
  target.hidden = text === '';
}

/** Lines break between facts alone; none: nothing is known. */
function writeFacts(...facts: string[]): void {
  const spans = facts.flatMap((fact) => {
    const span = document.createElement('span');
    span.textContent = fact;
    return [span, ' '];
  });
  find('facts').replaceChildren(...spans);
  find('facts').hidden = facts.length === 0;
}

let again: () => void = () => {};
/** `retry`: what the visitor asked for, to be asked again. */
function tell(error: unknown, retry: () => void): void {
  if (error instanceof DOMException && error.name === 'AbortError') return;
  const trouble = error instanceof Trouble ? error : new Trouble('other', 'Something went wrong.', String(error));
  again = retry;
  if (trouble.kind === 'token') return askForToken();
  write('error-text', trouble.message);
  write('error-detail', trouble.detail);
  find('again').hidden = trouble.kind === 'no_picture' || trouble.kind === 'too_large';
  find('error').hidden = false;
}

function askForToken(): void {
  const wasGiven = token.get() !== '';
  token.set('');
  find('token-form').hidden = false;
  write('token-help', wasGiven ? 'That one was not taken. Try another.' : 'Whoever runs the server has it. It is kept until you close this tab.');
  find<HTMLInputElement>('token').focus();
}

function forgetTroubles(): void {
  find('error').hidden = true;
  find('token-form').hidden = true;
  write('remark', '');
}

// ---- Pictures

let underWay = new AbortController();

function begin(): AbortSignal {
  underWay.abort();
  underWay = new AbortController();
  forgetTroubles();
  find('busy').hidden = true;
  return underWay.signal;
}

function reveal(): void {
  find('welcome').hidden = true;
  find('privacy').hidden = true;
  find('panel').hidden = false;
}

/** As a JPEG whose longer side is at most so long. */
async function asJpeg(picture: ImageBitmap, longest: number): Promise<Blob> {
  const scale = Math.min(1, longest / Math.max(picture.width, picture.height));
  const canvas = document.createElement('canvas');
  canvas.width = Math.round(picture.width * scale);
  canvas.height = Math.round(picture.height * scale);
  canvas.getContext('2d')?.drawImage(picture, 0, 0, canvas.width, canvas.height);
  return await new Promise((resolve, reject) =>
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('the picture is too large here'))), 'image/jpeg', 0.92),
  );
}

/** What the server cannot read, or finds too large, is sent once more in a form that it can. */
async function findPosesSomehow(file: Blob, shown: ImageBitmap | null, signal: AbortSignal): Promise<Found> {
  const onWait = (seconds: number): void => writeFacts(`The server is busy: asking again in ${seconds} s …`);
  try {
    return await findPoses(file, signal, onWait);
  } catch (error) {
    if (!(error instanceof Trouble) || !shown) throw error;
    if (error.kind === 'too_large') {
      const found = await findPoses(await asJpeg(shown, 2048), signal, onWait);
      write('remark', 'The picture is too large for this server: a smaller copy was sent, and the JSON counts in its pixels.');
      return found;
    }
    if (error.kind === 'no_picture') {
      const found = await findPoses(await asJpeg(shown, 4096), signal, onWait);
      write('remark', 'The server does not read this kind of picture: it was sent as a JPEG.');
      return found;
    }
    throw error;
  }
}

const sameShape = (picture: ImageBitmap, size: { width: number; height: number }): boolean =>
  Math.abs(picture.width * size.height - picture.height * size.width) <= Math.max(picture.width, picture.height) * 2;

async function showPicture(file: Blob, fileName: string): Promise<void> {
  stopCamera();
  const signal = begin();
  const isOther = file.type !== '' && !file.type.startsWith('image/') && file.type !== 'application/octet-stream';
  if (isOther) {
    const hint = file.type.startsWith('video/') ? ' Videos are for the program: poise track.' : '';
    return tell(new Trouble('no_picture', `“${fileName}” is not a picture.${hint}`), () => {});
  }
  const name = fileName.replace(/\.[^.]*$/, '') || 'picture';
  find('busy').hidden = false;
  try {
    const shown = await createImageBitmap(file).catch(() => null);
    if (signal.aborted) return;
    if (shown) {
      const blank = { people: [], skeleton: { joints: [], limbs: [] }, json: '' };
      look.mirrored = false;
      find('mirror').hidden = true;
      reveal();
      stage.show({ name, picture: shown, width: shown.width, height: shown.height, ...blank });
      list.show([], blank.skeleton, look.minScore);
    }
    writeFacts('Looking for people …');
    say('Looking for people');
    const { answer, json, milliseconds } = await findPosesSomehow(file, shown, signal);
    const { width, height } = answer.image;
    const fits = shown && sameShape(shown, answer.image);
    const picture = fits ? shown : await createImageBitmap(await fetchPicture(file, signal));
    if (signal.aborted) return;
    reveal();
    stage.show({ name, picture, width, height, people: answer.persons, skeleton: answer.skeleton, json });
    list.show(answer.persons, answer.skeleton, look.minScore);
    const found = peopleFound(answer.persons.length);
    writeFacts(found, `${Math.round(milliseconds)} ms`);
    describe(`${fileName}, ${found}`);
    say(found);
  } catch (error) {
    if (signal.aborted) return;
    writeFacts();
    tell(error, () => void showPicture(file, fileName));
  } finally {
    if (!signal.aborted) find('busy').hidden = true;
    refresh();
  }
}

function describe(text: string): void {
  find('canvas').setAttribute('aria-label', text);
}

function take(files: Iterable<File>): boolean {
  const all = [...files];
  const picture = all.find((file) => file.type.startsWith('image/')) ?? all[0];
  if (!picture) return false;
  void showPicture(picture, picture.name || 'picture');
  return true;
}

// ---- The camera

const camera = new Camera({
  shot: showShot,
  remark: (text) => write('remark', text),
  ended: (trouble) => {
    refresh();
    tell(trouble, () => void startCamera());
  },
});

function showShot({ picture, answer, json, milliseconds, perSecond }: Shot): void {
  if (!model) return;
  const people = answer?.persons ?? [];
  const { width, height } = answer ?? picture;
  stage.show({ name: 'camera', picture, width, height, people, skeleton: model, json });
  if (!answer) return;
  list.show(people, model, look.minScore);
  const found = peopleFound(people.length);
  const lag = `${Math.round(milliseconds)} ms (${Math.round(answer.lag_ms)} in the server)`;
  writeFacts(found, lag, `${Math.round(perSecond)} frames a second`);
  write('remark', '');
  describe(`Camera, ${found}`);
  say(found, 1500);
  refresh();
}

async function startCamera(device?: string): Promise<void> {
  begin();
  writeFacts('Waiting for the camera …');
  try {
    model = await findModel();
    await camera.start(device);
    if (!camera.running) return; // something else was asked for meanwhile
    find<HTMLInputElement>('mirror-box').checked = look.mirrored = camera.mirrored;
    find('mirror').hidden = false;
    find('other-camera').hidden = (await camera.other()) === undefined;
    reveal();
  } catch (error) {
    writeFacts();
    tell(error, () => void startCamera(device));
  }
  refresh();
}

function stopCamera(): void {
  camera.stop();
  refresh();
}

/** Buttons that follow what is going on. */
function refresh(): void {
  write('camera', camera.running ? 'Stop the camera' : 'Use the camera');
  if (!camera.running) find('other-camera').hidden = true;
  const hasAnswer = Boolean(stage.scene?.json);
  find<HTMLButtonElement>('save-picture').disabled = !hasAnswer;
  find<HTMLButtonElement>('save-json').disabled = !hasAnswer;
}

// ---- Saving

function save(blob: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

find('save-json').addEventListener('click', () => {
  const { scene } = stage;
  if (scene?.json) save(new Blob([scene.json], { type: 'application/json' }), `${scene.name}.poses.json`);
});

find('save-picture').addEventListener('click', async () => {
  const name = stage.scene?.name ?? 'picture';
  const picture = await stage.save();
  if (picture) save(picture, `${name}.poses.jpg`);
  else tell(new Trouble('other', 'The picture is too large for this browser to save.'), () => {});
});

// ---- Ways in

find('choose').addEventListener('click', () => find('file').click());
find<HTMLInputElement>('file').addEventListener('change', (event) => {
  const input = event.target as HTMLInputElement;
  take(input.files ?? []);
  input.value = ''; // the same file may be chosen again
});
find('camera').addEventListener('click', () => (camera.running ? stopCamera() : void startCamera()));
find('other-camera').addEventListener('click', async () => void startCamera(await camera.other()));

const isTyping = (target: EventTarget | null): boolean => target instanceof HTMLInputElement && target.type === 'password';

document.addEventListener('paste', (event) => {
  if (isTyping(event.target)) return;
  if (take(event.clipboardData?.files ?? [])) return event.preventDefault();
  begin();
  tell(new Trouble('no_picture', 'There is no picture on the clipboard. Copy one first.'), () => {});
});

let dragDepth = 0; // of entered elements: leaving a child is not leaving the page
function drag(event: DragEvent, change: number): void {
  if (isTyping(event.target)) return;
  event.preventDefault();
  dragDepth = Math.max(0, dragDepth + change);
  find('drop').hidden = dragDepth === 0;
}
document.addEventListener('dragenter', (event) => drag(event, 1));
document.addEventListener('dragover', (event) => drag(event, 0));
document.addEventListener('dragleave', (event) => drag(event, -1));
document.addEventListener('drop', (event) => {
  if (isTyping(event.target)) return;
  drag(event, -dragDepth);
  if (take(event.dataTransfer?.files ?? [])) return;
  begin();
  tell(new Trouble('no_picture', 'That was no file. Save the picture first, or copy and paste it.'), () => {});
});

// ---- Settings, kept for the next visit

const kLookKey = 'poise-look';

function showLook(): void {
  for (const box of find('toggles').querySelectorAll('input')) box.checked = look[box.name as keyof Look] as boolean;
  find<HTMLInputElement>('min-score').value = String(look.minScore);
  find('min-score-value').textContent = look.minScore.toFixed(2);
}

function keepLook(): void {
  const { mirrored, ...kept } = look;
  ofThisBrowser.set(kLookKey, JSON.stringify(kept));
  showLook();
  stage.draw();
  const { scene } = stage;
  if (scene) list.show(scene.people, scene.skeleton, look.minScore);
}

find('toggles').addEventListener('change', ({ target }) => {
  const box = target as HTMLInputElement;
  Object.assign(look, { [box.name]: box.checked });
  keepLook();
});
find('min-score').addEventListener('input', ({ target }) => {
  look.minScore = Number((target as HTMLInputElement).value);
  keepLook();
});

try {
  Object.assign(look, JSON.parse(ofThisBrowser.get(kLookKey) || '{}'));
} catch {
  // What was kept is not ours: the defaults stand.
}
showLook();

// ---- Troubles

find('again').addEventListener('click', () => {
  forgetTroubles();
  again();
});
find('dismiss').addEventListener('click', forgetTroubles);
find('token-form').addEventListener('submit', (event) => {
  event.preventDefault();
  token.set(find<HTMLInputElement>('token').value);
  find<HTMLInputElement>('token').value = '';
  forgetTroubles();
  again();
});

async function greet(): Promise<void> {
  try {
    model = await findModel();
    write('model', model.name);
    forgetTroubles();
  } catch (error) {
    tell(error, () => void greet());
  }
}
refresh();
write('example', `curl -F image=@team.jpg ${new URL('v1/poses', document.baseURI)}`);
void greet();
