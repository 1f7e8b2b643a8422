// A browser before the server under test, and what all tests of the page share.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

export const address = new URL(process.env.POISE_PAGE ?? 'http://127.0.0.1:8080/');
const repository = fileURLToPath(new URL('../..', import.meta.url));
const shared = path.join(repository, '../shared/data');
const own = path.join(repository, 'docs/images/figure.jpg');

/** Where screenshots go. */
export const out = fileURLToPath(new URL('out/', import.meta.url));
fs.mkdirSync(out, { recursive: true });

/** Pictures with people: real ones where the reference data is, and the one that comes along. */
export const pictures = [
  own,
  ...['000000252219.jpg', '000000000790.jpg'].map((name) => path.join(shared, 'coco-persons/images', name)),
].filter((file) => fs.existsSync(file));

export const crowd = pictures.at(-1);

/** People as Chromium's fake camera plays them: a video's frames, or one picture's again and again. */
export function cameraFile() {
  const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'poise-camera-')), 'people.mjpeg');
  const video = path.join(shared, 'video/sports_demo.mp4');
  if (fs.existsSync(video)) {
    try {
      const scale = ['-vf', 'scale=960:-2', '-t', '8', '-q:v', '4', '-pix_fmt', 'yuvj420p'];
      execFileSync('ffmpeg', ['-v', 'error', '-i', video, ...scale, '-f', 'mjpeg', file]);
      return file;
    } catch (error) {
      console.log(`ffmpeg made no video (${error.code ?? error.message}): the camera shows one picture`);
    }
  }
  const frame = fs.readFileSync(own);
  fs.writeFileSync(file, Buffer.concat(Array.from({ length: 30 }, () => frame)));
  return file;
}

export async function openBrowser(...flags) {
  return await chromium.launch({
    executablePath: process.env.POISE_CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', ...flags],
  });
}

export const camera = (file) => [
  '--use-fake-device-for-media-stream',
  '--use-fake-ui-for-media-stream',
  `--use-file-for-fake-video-capture=${file}`,
];

/** All that any page of these tests asked for or complained of. */
export const asked = [];
export const complaints = [];

export async function openPage(browser, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  const page = await context.newPage();
  page.on('request', (request) => asked.push(request.url()));
  page.on('websocket', (socket) => asked.push(socket.url()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    // Of a refusal or a lost line, which tests bring about, the browser tells by itself.
    const expected = /Failed to load resource|WebSocket connection|net::ERR_/.test(message.text());
    if (message.type() === 'error' && !expected) complaints.push(message.text());
  });
  await page.goto(address.href);
  return page;
}

export async function closePage(page) {
  await page.context().close();
}

/** What a direct request says of the picture. */
export async function askDirectly(bytes) {
  const response = await fetch(new URL('v1/poses', address), { method: 'POST', body: bytes });
  const text = await response.text();
  assert.equal(response.status, 200, text);
  return { answer: JSON.parse(text), text };
}

/** `type` of events that carry files: drop, paste. */
export async function bring(page, type, files) {
  await page.evaluate(
    ([event, given]) => {
      const carried = new DataTransfer();
      for (const { name, mime, base64 } of given) {
        const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
        carried.items.add(new File([bytes], name, { type: mime }));
      }
      const init = { bubbles: true, cancelable: true };
      document.body.dispatchEvent(
        event === 'paste'
          ? new ClipboardEvent(event, { ...init, clipboardData: carried })
          : new DragEvent(event, { ...init, dataTransfer: carried }),
      );
    },
    [type, files.map(({ name, mime, bytes }) => ({ name, mime, base64: Buffer.from(bytes).toString('base64') }))],
  );
}

export const jpeg = (file) => ({ name: path.basename(file), mime: 'image/jpeg', bytes: fs.readFileSync(file) });

export const facts = (page) => page.locator('#facts');
export const live = (page) => page.locator('#live');

export async function waitForPeople(page) {
  await facts(page).getByText(/found/).waitFor();
}

/** The page's list: a person an entry, of each joint name, x, y, score. */
export async function listed(page) {
  return await page.locator('#people details').evaluateAll((people) =>
    people.map((person) => ({
      name: person.querySelector('summary span:nth-of-type(2)').textContent,
      joints: [...person.querySelectorAll('tbody tr')].map((row) => ({
        name: row.dataset.joint,
        numbers: [...row.querySelectorAll('td')].map((cell) => Number(cell.textContent)),
      })),
    })),
  );
}

/** That the page lists what the server says: joints within a pixel, scores as they are rounded. */
export function assertSamePeople(people, answer) {
  assert.equal(people.length, answer.persons.length);
  people.forEach((person, i) => {
    assert.deepEqual(
      person.joints.map((joint) => joint.name),
      answer.skeleton.joints,
    );
    person.joints.forEach((joint, k) => {
      const [x, y, score] = answer.persons[i].keypoints[k];
      const [listedX, listedY, listedScore] = joint.numbers;
      assert.ok(Math.hypot(listedX - x, listedY - y) < 1, `${person.name}, ${joint.name}`);
      assert.ok(Math.abs(listedScore - score) < 0.02, `${person.name}, ${joint.name}: score`);
    });
  });
}

/** Colours of the canvas at places of the picture, [r, g, b] each. */
export async function coloursAt(page, places, size) {
  return await page.locator('#canvas').evaluate(
    (canvas, [points, width, height]) => {
      const context = canvas.getContext('2d');
      return points.map(([x, y]) => {
        const across = Math.round(((x + 0.5) * canvas.width) / width);
        const down = Math.round(((y + 0.5) * canvas.height) / height);
        return [...context.getImageData(across, down, 1, 1).data].slice(0, 3);
      });
    },
    [places, size.width, size.height],
  );
}
