// The camera on the page: Chromium's fake device plays people, frames go to the server's /v1/stream.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { address, asked, camera, cameraFile, closePage, complaints, facts, listed, live, openBrowser, openPage, out } from './kit.mjs';

let browser;
before(async () => {
  browser = await openBrowser(...camera(cameraFile()));
});
after(() => browser.close());

/** The page once people are seen, and what went over its WebSockets. */
async function watch(options = {}) {
  const page = await openPage(browser, options);
  const traffic = [];
  page.on('websocket', (socket) => {
    socket.on('framesent', ({ payload }) => traffic.push({ sent: payload }));
    socket.on('framereceived', ({ payload }) => traffic.push({ came: payload }));
  });
  await page.click('#camera');
  await facts(page).getByText(/[1-9]\d* (person|people) found/).waitFor();
  return { page, traffic };
}

describe('the camera', () => {
  test('shows people with ids, latency and joints in the frame; saves what is seen', async () => {
    const { page, traffic } = await watch();
    await facts(page).getByText(/\d+ ms \(\d+ in the server\)/).waitFor();
    await live(page).getByText(/found/).waitFor({ state: 'attached' });
    assert.equal(await page.locator('#camera').textContent(), 'Stop the camera');
    assert.equal(await page.locator('#mirror').isVisible(), true);
    await page.check('[name=ids]');
    await page.waitForTimeout(1500);
    await page.screenshot({ path: `${out}desktop-light-camera.png` });
    await page.click('#camera');
    assert.equal(await page.locator('#camera').textContent(), 'Use the camera');

    const saved = page.waitForEvent('download');
    await page.click('#save-json');
    assert.equal((await saved).suggestedFilename(), 'camera.poses.json');
    const answer = JSON.parse(fs.readFileSync(await (await saved).path()));
    const people = await listed(page);
    assert.equal(people.length, answer.persons.length);
    for (const person of answer.persons) {
      assert.ok(Number.isInteger(person.track_id));
      const entry = people.find(({ name }) => name === `Person ${person.track_id}`);
      entry.joints.forEach(({ name, numbers: [x, y] }, k) => {
        assert.ok(Math.hypot(x - person.keypoints[k][0], y - person.keypoints[k][1]) < 1, name);
      });
    }
    const sent = traffic.filter((message) => message.sent);
    assert.deepEqual([...sent[0].sent.subarray(0, 3)], [0xff, 0xd8, 0xff]); // a JPEG
    assert.ok(answer.width <= 640);
    await closePage(page);
  });

  test('sends one frame at a time, and each has its answer', async () => {
    const { page, traffic } = await watch();
    await page.waitForTimeout(2000);
    await page.click('#camera');
    const order = traffic.map((message) => (message.sent ? 's' : 'c')).join('');
    assert.match(order, /^(sc){4,}s?$/);
    const frames = traffic.flatMap((message) => (message.came ? [JSON.parse(message.came).frame] : []));
    assert.deepEqual(frames, frames.map((_, i) => i + 1));
    await closePage(page);
  });

  test('keeps a person from frame to frame', async () => {
    const { page, traffic } = await watch();
    await page.waitForTimeout(2500);
    await page.click('#camera');
    const seen = new Map();
    const answers = traffic.flatMap((message) => (message.came ? [JSON.parse(message.came)] : []));
    for (const { persons } of answers)
      for (const { track_id: id } of persons) seen.set(id, (seen.get(id) ?? 0) + 1);
    assert.ok(Math.max(...seen.values()) >= 4, JSON.stringify([...seen]));
    await closePage(page);
  });

  test('stops where a picture is chosen', async () => {
    const { page } = await watch();
    await page.setInputFiles('#file', { name: 'broken.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('none') });
    await page.locator('#error').waitFor();
    assert.equal(await page.locator('#camera').textContent(), 'Use the camera');
    await closePage(page);
  });

  test('calls again when the line breaks, and gives up in the end', async () => {
    const page = await openPage(browser);
    const sockets = [];
    await page.routeWebSocket('**/v1/stream*', (socket) => {
      sockets.push(socket);
      if (sockets.length === 1) return void setTimeout(() => socket.close(), 300);
      socket.connectToServer();
    });
    await page.reload();
    await page.click('#camera');
    await page.getByText('calling again').waitFor();
    await facts(page).getByText(/found/).waitFor();
    assert.equal(sockets.length, 2);
    await page.route('**/v1/models', (route) => route.abort());
    await sockets[1].close();
    await page.locator('#error').getByText('does not answer').waitFor();
    assert.equal(await page.locator('#camera').textContent(), 'Use the camera');
    await closePage(page);
  });

  test('tells where the server takes no more of them', async () => {
    const page = await openPage(browser);
    await page.routeWebSocket('**/v1/stream*', (socket) => void socket.close());
    await page.reload();
    await page.click('#camera');
    await page.locator('#error').getByText('takes no more cameras').waitFor();
    await closePage(page);
  });

  test('goes on after a frame that is not answered, and after some that are not understood', async () => {
    const page = await openPage(browser);
    let count = 0;
    await page.routeWebSocket('**/v1/stream*', (socket) => {
      const server = socket.connectToServer();
      server.onMessage((text) => {
        ++count;
        if (count === 1) return; // lost
        const { frame } = JSON.parse(text);
        socket.send(count < 20 ? JSON.stringify({ frame, error: 'says the test' }) : text);
      });
    });
    await page.reload();
    await page.click('#camera');
    await page.getByText('A frame was not understood: says the test').waitFor();
    await facts(page).getByText(/found/).waitFor();
    assert.equal(await page.locator('#remark').isVisible(), false);
    await closePage(page);
  });

  test('gives the token in the address, where one is needed', async () => {
    const page = await openPage(browser);
    await page.evaluate(() => sessionStorage.setItem('poise-token', 'open sesame'));
    const addresses = [];
    await page.routeWebSocket('**/v1/stream*', (socket) => {
      addresses.push(socket.url());
      socket.connectToServer();
    });
    await page.reload();
    await page.click('#camera');
    await facts(page).getByText(/found/).waitFor();
    assert.equal(new URL(addresses[0]).searchParams.get('token'), 'open sesame');
    await closePage(page);
  });

  for (const colorScheme of ['light', 'dark']) {
    test(`on a phone, ${colorScheme}`, async () => {
      const phone = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 };
      const { page } = await watch({ ...phone, colorScheme });
      await page.waitForTimeout(1500);
      await page.screenshot({ path: `${out}phone-${colorScheme}-camera.png`, fullPage: true });
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), 0);
      await closePage(page);
    });
  }
});

test('nothing was asked of another host, and the browser had nothing to complain of', () => {
  const hosts = new Set(asked.filter((url) => !/^(blob|data):/.test(url)).map((url) => new URL(url).host));
  assert.deepEqual([...hosts], [address.host]);
  assert.deepEqual(complaints, []);
});
