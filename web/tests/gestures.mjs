// A page in a window of Chromium, zoomed by the keys that `poise gesture` presses when recorded gestures are played.
// web/test-gestures runs it, on a screen of its own.

import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { chromium } from 'playwright-core';

const root = fileURLToPath(new URL('../..', import.meta.url));
let browser;
let page;

before(async () => {
  browser = await chromium.launch({
    executablePath: process.env.POISE_CHROMIUM,
    headless: false,
    args: ['--no-sandbox', '--window-position=0,0', '--window-size=1000,700'],
  });
  // Playwright's own idea of a viewport would hide the window's.
  page = await (await browser.newContext({ viewport: null })).newPage();
  await page.setContent('<title>zoomed</title><p style="font-size: 2rem">A page to zoom</p>');
  // No window manager runs there to give it the focus.
  const [window] = execFileSync('xdotool', ['search', '--sync', '--onlyvisible', '--name', 'zoomed']).toString().split('\n');
  execFileSync('xdotool', ['windowfocus', '--sync', window]);
  execFileSync('xdotool', ['mousemove', '500', '450', 'click', '1']);
});
after(() => browser?.close());

/** Plays a recording before the rules that zoom. */
async function play(recording) {
  const words = ['gesture', `${root}tests/golden/gestures/${recording}.jsonl`, '--rules', `${root}configs/gestures/zoom.yaml`];
  const { stdout } = await promisify(execFile)(process.env.POISE_PROGRAM, [...words, '--keys', 'xdotool']);
  return stdout;
}

/** The ratio once it is another than `before`; after two seconds, whatever it is. */
async function ratioAfter(before) {
  const differs = (value) => globalThis.devicePixelRatio !== value;
  await page.waitForFunction(differs, before, { timeout: 2000 }).catch(() => undefined);
  return await page.evaluate(() => globalThis.devicePixelRatio);
}

test('hands pulled apart zoom the page, hands brought together zoom it back', async () => {
  const first = await page.evaluate(() => globalThis.devicePixelRatio);
  assert.match(await play('zoom_in'), /zoom in: keys ctrl\+plus/);
  const larger = await ratioAfter(first);
  assert.ok(larger > first, `${larger} after ${first}`);
  assert.match(await play('zoom_out'), /zoom out: keys ctrl\+minus/);
  assert.equal(await ratioAfter(larger), first);
});

test('gestures of another kind leave it alone', async () => {
  const first = await page.evaluate(() => globalThis.devicePixelRatio);
  assert.doesNotMatch(await play('slides'), /keys/);
  assert.equal(await page.evaluate(() => globalThis.devicePixelRatio), first);
});
