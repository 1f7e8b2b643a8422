// Pictures on the page: in by drop, paste and file, out as drawing, list, words and files; and what goes wrong.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import {
  address,
  asked,
  askDirectly,
  assertSamePeople,
  bring,
  closePage,
  coloursAt,
  complaints,
  crowd,
  facts,
  jpeg,
  listed,
  live,
  openBrowser,
  openPage,
  out,
  pictures,
  waitForPeople,
} from './kit.mjs';

const axe = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

let browser;
let page;
before(async () => {
  browser = await openBrowser();
});
after(() => browser.close());
beforeEach(async () => {
  page = await openPage(browser);
});
afterEach(() => closePage(page));

const error = () => page.locator('#error');
const choose = (file) => page.setInputFiles('#file', file);
const number = (text) => `${text} ${text === '1' ? 'person' : 'people'} found`;

/** The first answers to a picture are `replies`, one a request; then the server's own. */
async function refuse(...replies) {
  const bodies = [];
  await page.route('**/v1/poses*', async (route) => {
    bodies.push(route.request().postDataBuffer());
    const reply = replies.shift();
    if (!reply) return await route.continue();
    const [status, headers = {}] = reply;
    const body = JSON.stringify({ error: { code: 'refused', message: 'says the test' } });
    await route.fulfill({ status, headers: { 'Content-Type': 'application/json', ...headers }, body });
  });
  return bodies;
}

/** A JPEG that says: turn me a quarter clockwise. */
function turned(bytes) {
  const exif = Buffer.from('457869660000' + '4d4d002a00000008' + '0001' + '01120003000000010006' + '0000' + '00000000', 'hex');
  const head = Buffer.alloc(4);
  head.writeUInt16BE(0xffe1, 0);
  head.writeUInt16BE(exif.length + 2, 2);
  return Buffer.concat([bytes.subarray(0, 2), head, exif, bytes.subarray(2)]);
}

describe('a picture', () => {
  for (const file of pictures) {
    test(`dropped has the joints of a direct request: ${path.basename(file)}`, async () => {
      const { answer } = await askDirectly(fs.readFileSync(file));
      assert.ok(answer.persons.length > 0);
      await bring(page, 'drop', [jpeg(file)]);
      await waitForPeople(page);
      assertSamePeople(await listed(page), answer);
      const found = number(String(answer.persons.length));
      await live(page).getByText(found, { exact: true }).waitFor({ state: 'attached' });
      assert.match(await facts(page).textContent(), new RegExp(`${found} +\\d+ ms`));
      assert.match(await page.locator('#canvas').getAttribute('aria-label'), new RegExp(found));
    });
  }

  test('is drawn over where the joints are: left green, right orange', async () => {
    const bytes = fs.readFileSync(pictures[0]);
    const { answer } = await askDirectly(bytes);
    await choose(pictures[0]);
    await waitForPeople(page);
    for (const [side, colour] of [
      ['left', [0, 255, 0]],
      ['right', [255, 128, 0]],
    ]) {
      const joints = answer.skeleton.joints.flatMap((name, k) => {
        const [x, y, score] = answer.persons[0].keypoints[k];
        return name.startsWith(side) && /knee|ankle|elbow|wrist/.test(name) && score > 0.4 ? [[x, y]] : [];
      });
      assert.ok(joints.length > 1);
      for (const seen of await coloursAt(page, joints, answer.image))
        seen.forEach((value, i) => assert.ok(Math.abs(value - colour[i]) < 40, `${side}: ${seen}`));
    }
    await page.uncheck('[name=joints]');
    await page.uncheck('[name=limbs]');
    const [x, y] = answer.persons[0].keypoints[answer.skeleton.joints.indexOf('left_knee')];
    const [bare] = await coloursAt(page, [[x, y]], answer.image);
    assert.ok(Math.abs(bare[0] - 0) + Math.abs(bare[1] - 255) + Math.abs(bare[2] - 0) > 100, `still drawn: ${bare}`);
  });

  test('that lies on its side is turned as the server turns it', async () => {
    const bytes = turned(fs.readFileSync(crowd));
    const { answer } = await askDirectly(bytes);
    assert.equal(answer.image.exif_applied, true);
    await bring(page, 'drop', [{ name: 'turned.jpg', mime: 'image/jpeg', bytes }]);
    await waitForPeople(page);
    const { width, height } = await page.locator('#canvas').boundingBox();
    assert.ok(Math.abs(width / height - answer.image.width / answer.image.height) < 0.02);
    assertSamePeople(await listed(page), answer);
  });

  test('is pasted with the keyboard', async () => {
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    const base64 = fs.readFileSync(pictures[0]).toString('base64');
    await page.evaluate(async (text) => {
      const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
      const bitmap = await createImageBitmap(new Blob([bytes]));
      const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
      canvas.getContext('2d').drawImage(bitmap, 0, 0);
      const png = await canvas.convertToBlob({ type: 'image/png' });
      await navigator.clipboard.write([new ClipboardItem({ 'image/png': png })]);
    }, base64);
    await page.keyboard.press('Control+V');
    await waitForPeople(page);
    const [person] = await listed(page);
    const { answer } = await askDirectly(fs.readFileSync(pictures[0]));
    person.joints.forEach(({ name, numbers: [x, y] }, k) => {
      const [directX, directY] = answer.persons[0].keypoints[k];
      assert.ok(Math.hypot(x - directX, y - directY) < 2, name); // the browser decodes it otherwise than the server
    });
  });

  test('gives way to the next one', async () => {
    await page.route('**/v1/poses*', async (route) => {
      await new Promise((resolve) => setTimeout(resolve, 600));
      await route.continue().catch(() => {});
    });
    await bring(page, 'drop', [jpeg(crowd)]);
    await page.waitForTimeout(100);
    await page.unroute('**/v1/poses*');
    await bring(page, 'drop', [jpeg(pictures[0])]);
    await waitForPeople(page);
    await page.waitForTimeout(1000);
    assertSamePeople(await listed(page), (await askDirectly(fs.readFileSync(pictures[0]))).answer);
  });

  test('under the pointer names its joints', async () => {
    const { answer } = await askDirectly(fs.readFileSync(pictures[0]));
    await choose(pictures[0]);
    await waitForPeople(page);
    const { x, y, width } = await page.locator('#canvas').boundingBox();
    const k = answer.skeleton.joints.indexOf('left_knee');
    const [jointX, jointY, score] = answer.persons[0].keypoints[k];
    const scale = width / answer.image.width;
    await page.mouse.move(x + (jointX + 0.5) * scale + 2, y + (jointY + 0.5) * scale - 2);
    await page.locator('#tip').waitFor();
    assert.equal(await page.locator('#tip').textContent(), `left knee · ${score.toFixed(2)}`);
    await page.keyboard.press('Escape');
    await page.locator('#tip').waitFor({ state: 'hidden' });
  });

  test('has settings that change what is drawn, and are there on the next visit', async () => {
    await choose(crowd);
    await waitForPeople(page);
    const drawn = () => page.locator('#canvas').evaluate((canvas) => canvas.toDataURL());
    const seen = new Set([await drawn()]);
    for (const name of ['joints', 'limbs', 'boxes', 'names', 'scores', 'ids']) {
      await page.locator(`[name=${name}]`).click();
      seen.add(await drawn());
    }
    await page.locator('#min-score').fill('0.6');
    seen.add(await drawn());
    assert.equal(seen.size, 8);
    assert.equal(await page.locator('#min-score-value').textContent(), '0.60');
    await page.reload();
    assert.equal(await page.locator('[name=joints]').isChecked(), false);
    assert.equal(await page.locator('[name=ids]').isChecked(), true);
    assert.equal(await page.locator('#min-score').inputValue(), '0.6');
  });

  test('is saved as drawn, and its JSON as it came', async () => {
    await choose(pictures[0]);
    await waitForPeople(page);
    const name = path.basename(pictures[0], '.jpg');
    let saved = page.waitForEvent('download');
    await page.click('#save-json');
    assert.equal((await saved).suggestedFilename(), `${name}.poses.json`);
    const { answer } = await askDirectly(fs.readFileSync(pictures[0]));
    const json = JSON.parse(fs.readFileSync(await (await saved).path()));
    assert.equal(json.poise_poses, 1);
    assertSamePeople(await listed(page), json);
    saved = page.waitForEvent('download');
    await page.click('#save-picture');
    assert.equal((await saved).suggestedFilename(), `${name}.poses.jpg`);
    const bytes = fs.readFileSync(await (await saved).path());
    const again = (await askDirectly(bytes)).answer.image;
    assert.deepEqual([again.width, again.height], [answer.image.width, answer.image.height]);
    assert.notEqual(Buffer.compare(bytes, fs.readFileSync(pictures[0])), 0);
  });

  test('is read with the keyboard alone', async () => {
    await choose(pictures[0]);
    await waitForPeople(page);
    const focused = () => page.evaluate(() => document.activeElement.textContent.trim());
    const seen = [];
    for (let i = 0; i < 30 && !(seen.at(-1) ?? '').startsWith('Person 1'); ++i) {
      await page.keyboard.press('Tab');
      seen.push(await focused());
    }
    assert.ok(seen.includes('Choose a picture') && seen.includes('Use the camera'), seen.join(', '));
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    assert.equal(await focused(), 'nose');
    assert.match(await page.locator('#tip').textContent(), /^nose · \d\.\d\d$/);
    await page.keyboard.press('ArrowDown');
    assert.equal(await focused(), 'left eye');
    assert.match(await page.locator('#tip').textContent(), /^left eye/);
    const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
    assert.equal(outline, 'solid');
  });

  test('without anybody says so', async () => {
    const grey = await page.evaluate(async () => {
      const canvas = new OffscreenCanvas(64, 48);
      canvas.getContext('2d').fillRect(0, 0, 64, 48);
      const bytes = new Uint8Array(await (await canvas.convertToBlob({ type: 'image/png' })).arrayBuffer());
      return btoa(String.fromCharCode(...bytes));
    });
    const bytes = Buffer.from(grey, 'base64');
    assert.equal((await askDirectly(bytes)).answer.persons.length, 0);
    await bring(page, 'drop', [{ name: 'black.png', mime: 'image/png', bytes }]);
    await live(page).getByText('Nobody found').waitFor({ state: 'attached' });
  });
});

describe('what goes wrong', () => {
  test('a file that is no picture', async () => {
    await choose({ name: 'broken.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('no picture') });
    await error().getByText('could not be read as a picture').waitFor();
    assert.equal(await page.locator('#again').isVisible(), false);
    await page.click('#dismiss');
    assert.equal(await error().isVisible(), false);
    await bring(page, 'drop', [{ name: 'notes.pdf', mime: 'application/pdf', bytes: 'text' }]);
    await error().getByText('“notes.pdf” is not a picture').waitFor();
    await bring(page, 'drop', [{ name: 'match.mp4', mime: 'video/mp4', bytes: 'video' }]);
    await error().getByText('poise track').waitFor();
  });

  test('nothing to paste or to drop', async () => {
    await bring(page, 'paste', []);
    await error().getByText('no picture on the clipboard').waitFor();
    await bring(page, 'drop', []);
    await error().getByText('That was no file').waitFor();
  });

  test('a busy server is asked once more', async () => {
    const bodies = await refuse([503, { 'Retry-After': '1' }]);
    await choose(pictures[0]);
    await facts(page).getByText('asking again in 1 s').waitFor();
    await waitForPeople(page);
    assert.equal(bodies.length, 2);
    assert.equal(await error().isVisible(), false);
  });

  test('a server that stays busy is left to the visitor', async () => {
    const bodies = await refuse([503, { 'Retry-After': '1' }], [503, { 'Retry-After': '1' }]);
    await choose(pictures[0]);
    await error().getByText('has its hands full').waitFor();
    assert.equal(bodies.length, 2);
    await page.click('#again');
    await waitForPeople(page);
    assert.equal(await error().isVisible(), false);
  });

  test('a picture that is too large goes as a smaller copy', async () => {
    const large = Buffer.from(
      await page.evaluate(async () => {
        const canvas = new OffscreenCanvas(3000, 1500);
        canvas.getContext('2d').fillRect(0, 0, 1500, 1500);
        const bytes = new Uint8Array(await (await canvas.convertToBlob({ type: 'image/jpeg' })).arrayBuffer());
        return btoa(bytes.reduce((text, byte) => text + String.fromCharCode(byte), ''));
      }),
      'base64',
    );
    const bodies = await refuse([413]);
    await choose({ name: 'large.jpg', mimeType: 'image/jpeg', buffer: large });
    await waitForPeople(page);
    const { image } = (await askDirectly(bodies[1])).answer;
    assert.deepEqual([image.width, image.height], [2048, 1024]);
    await page.getByText('a smaller copy was sent').waitFor();
  });

  test('a picture beyond what the server takes goes as a smaller copy, however the server refuses it', async () => {
    const noise = await page.evaluateHandle(async () => {
      const canvas = new OffscreenCanvas(3000, 2400);
      const image = new ImageData(3000, 2400);
      for (let i = 0; i < image.data.length; i += 65536) crypto.getRandomValues(image.data.subarray(i, i + 65536));
      for (let i = 3; i < image.data.length; i += 4) image.data[i] = 255;
      canvas.getContext('2d').putImageData(image, 0, 0);
      const carried = new DataTransfer();
      carried.items.add(new File([await canvas.convertToBlob({ type: 'image/png' })], 'noise.png', { type: 'image/png' }));
      return carried;
    });
    await page.dispatchEvent('body', 'drop', { dataTransfer: noise });
    await page.getByText('a smaller copy was sent').waitFor();
    await facts(page).getByText(/found/i).waitFor();
  });

  test('a picture that stays too large is told of', async () => {
    await refuse([413], [413]);
    await choose(pictures[0]);
    await error().getByText('larger than the server takes').waitFor();
    await error().getByText('says the test').waitFor();
  });

  test('a kind of picture that only the browser reads goes as a JPEG', async () => {
    const bodies = await refuse([415]);
    await choose(pictures[0]);
    await waitForPeople(page);
    assert.deepEqual([...bodies[1].subarray(0, 3)], [0xff, 0xd8, 0xff]);
    await page.getByText('it was sent as a JPEG').waitFor();
  });

  test('a kind of picture that only the server reads is shown as the server sees it', async () => {
    const bytes = fs.readFileSync(pictures[0]);
    const { answer, text } = await askDirectly(bytes);
    await page.route('**/v1/poses*', async (route) => {
      const drawn = new URL(route.request().url()).searchParams.get('draw') === '1';
      if (drawn) return await route.fulfill({ contentType: 'image/jpeg', body: bytes });
      return await route.fulfill({ contentType: 'application/json', body: text });
    });
    await bring(page, 'drop', [{ name: 'phone.heic', mime: 'image/heic', bytes: 'what no browser here reads' }]);
    await waitForPeople(page);
    assertSamePeople(await listed(page), answer);
    const { width, height } = await page.locator('#canvas').boundingBox();
    assert.ok(Math.abs(width / height - answer.image.width / answer.image.height) < 0.02);
  });

  test('a fault of the server', async () => {
    await refuse([500]);
    await choose(pictures[0]);
    await error().getByText('The server could not do this (500)').waitFor();
    await page.click('#again');
    await waitForPeople(page);
  });

  test('no line to the server', async () => {
    await page.context().setOffline(true);
    await choose(pictures[0]);
    await error().getByText('You are offline').waitFor();
    await page.context().setOffline(false);
    await page.route('**/v1/poses*', (route) => route.abort());
    await page.click('#again');
    await error().getByText('does not answer').waitFor();
    await page.unroute('**/v1/poses*');
    await page.click('#again');
    await waitForPeople(page);
  });

  test('no camera, and a page that may have none', async () => {
    await page.click('#camera');
    await error().getByText('No camera was found').waitFor();
    assert.equal(await page.locator('#camera').textContent(), 'Use the camera');
    await page.evaluate(() => Object.defineProperty(navigator, 'mediaDevices', { value: undefined }));
    await page.click('#again');
    await error().getByText('to https:// pages and to localhost only').waitFor();
  });

  test('a camera that is refused', async () => {
    const strict = await openBrowser('--use-fake-device-for-media-stream', '--deny-permission-prompts');
    const refused = await openPage(strict);
    await refused.click('#camera');
    await refused.getByText('does not lend its camera').waitFor();
    await strict.close();
  });

  test('a token is asked for, tried, and kept for the tab', async () => {
    await page.route('**/v1/**', async (route) => {
      const given = route.request().headers().authorization;
      if (given === 'Bearer sesame') return await route.continue({ headers: { ...route.request().headers(), authorization: '' } });
      return await route.fulfill({ status: 401, contentType: 'application/json', body: '{"error":{"message":"no"}}' });
    });
    await page.reload();
    await page.getByLabel('access token').waitFor();
    await page.keyboard.type('wrong'); // it has the focus
    await page.keyboard.press('Enter');
    await page.getByText('That one was not taken').waitFor();
    await page.keyboard.type(' sesame ');
    await page.keyboard.press('Enter');
    await page.locator('#model').waitFor();
    assert.equal(await page.locator('#token-form').isVisible(), false);
    await choose(pictures[0]);
    await waitForPeople(page);
    await page.reload();
    await page.locator('#model').waitFor();
    assert.equal(await page.evaluate(() => JSON.stringify(localStorage).includes('sesame')), false);
  });
});

describe('for everybody', () => {
  const sizes = {
    desktop: { viewport: { width: 1280, height: 800 } },
    phone: { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 },
  };
  const axeFinds = async (where) =>
    await where
      .evaluate(`${axe}; axe.run()`)
      .then(({ violations }) => violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target)}`));

  for (const [size, options] of Object.entries(sizes)) {
    for (const colorScheme of ['light', 'dark']) {
      test(`axe-core finds nothing: ${size}, ${colorScheme}`, async () => {
        const shown = await openPage(browser, { ...options, colorScheme });
        const shoot = (name) => shown.screenshot({ path: `${out}${size}-${colorScheme}-${name}.png`, fullPage: true });
        await shown.locator('#model').waitFor();
        assert.deepEqual(await axeFinds(shown), []);
        await shoot('welcome');
        await shown.setInputFiles('#file', crowd);
        await waitForPeople(shown);
        await shoot('picture');
        for (const name of ['boxes', 'names', 'scores', 'ids']) await shown.check(`[name=${name}]`);
        await shown.locator('summary').first().click();
        await shown.locator('[data-joint=left_wrist] button').first().focus();
        assert.deepEqual(await axeFinds(shown), []);
        await shoot('all');
        await shown.setInputFiles('#file', { name: 'broken.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('none') });
        await shown.locator('#error').waitFor();
        assert.deepEqual(await axeFinds(shown), []);
        await shoot('error');
        await shown.route('**/v1/models', (route) => route.fulfill({ status: 401, body: '{}' }));
        await shown.reload();
        await shown.locator('#token-form').waitFor();
        assert.deepEqual(await axeFinds(shown), []);
        await shoot('token');
        await closePage(shown);
      });
    }
  }

  test('a phone of 360 pixels needs no sideways scrolling', async () => {
    await page.setViewportSize({ width: 360, height: 740 });
    const wider = () => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.equal(await wider(), 0);
    await choose(crowd);
    await waitForPeople(page);
    await page.locator('summary').first().click();
    assert.equal(await wider(), 0);
    await bring(page, 'drop', [{ name: `${'long'.repeat(40)}.pdf`, mime: 'application/pdf', bytes: 'text' }]);
    await error().waitFor();
    assert.equal(await wider(), 0);
  });
});

test('nothing was asked of another host, and the browser had nothing to complain of', () => {
  const hosts = new Set(asked.filter((url) => !/^(blob|data):/.test(url)).map((url) => new URL(url).host));
  assert.deepEqual([...hosts], [address.host]);
  assert.deepEqual(complaints, []);
});
