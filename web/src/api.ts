// The server's addresses, relative to the page's own. What goes wrong comes as a Trouble, whose words are a visitor's.

import type { PictureAnswer, Skeleton } from './poses';
import { ofThisTab } from './storage';

export type Kind = 'token' | 'busy' | 'too_large' | 'no_picture' | 'unreachable' | 'camera' | 'other';

export class Trouble extends Error {
  constructor(
    readonly kind: Kind,
    message: string,
    readonly detail = '',
  ) {
    super(message);
  }
}

const kTokenKey = 'poise-token';

export const token = {
  get: (): string => ofThisTab.get(kTokenKey),
  set: (value: string): void => ofThisTab.set(kTokenKey, value.trim()),
};

const url = (path: string): URL => new URL(path, document.baseURI);

async function troubleOf(response: Response): Promise<Trouble> {
  const body = await response.json().catch(() => null);
  const detail: string = body?.error?.message ?? '';
  switch (response.status) {
    case 401:
      return new Trouble('token', 'This server wants an access token.', detail);
    case 413:
      return new Trouble('too_large', 'This picture is larger than the server takes.', detail);
    case 400:
    case 415:
      return new Trouble('no_picture', 'This could not be read as a picture. JPEG, PNG and WebP work.', detail);
    case 429:
    case 503:
      return new Trouble('busy', 'The server has its hands full. Try again in a moment.', detail);
    default:
      return new Trouble('other', `The server could not do this (${response.status}).`, detail);
  }
}

async function request(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  if (token.get()) {
    try {
      headers.set('Authorization', `Bearer ${token.get()}`);
    } catch {
      throw new Trouble('token', 'No token has such characters.');
    }
  }
  try {
    return await fetch(url(path), { ...init, headers });
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new Trouble(
      'unreachable',
      navigator.onLine
        ? 'The server does not answer. Does it still run?'
        : 'You are offline. Try again once you are connected.',
    );
  }
}

export interface Model extends Skeleton {
  name: string;
  skeleton: string;
}

/** The pose network that runs there. */
export async function findModel(): Promise<Model> {
  const response = await request('v1/models', { cache: 'no-store' });
  if (!response.ok) throw await troubleOf(response);
  return (await response.json()).models[0];
}

/** A server that refuses a body early may close before the browser has read why. */
async function refusedEarly(picture: Blob, signal: AbortSignal): Promise<boolean> {
  const kLong = 1 << 20;
  if (picture.size < kLong) return false;
  return await request('healthz', { signal }).then(
    (response) => response.ok,
    () => false,
  );
}

async function post(path: string, picture: Blob, signal: AbortSignal): Promise<Response> {
  const type = picture.type || 'application/octet-stream';
  try {
    return await request(path, { method: 'POST', body: picture, headers: { 'Content-Type': type }, signal });
  } catch (error) {
    if (error instanceof Trouble && error.kind === 'unreachable' && (await refusedEarly(picture, signal)))
      throw new Trouble('too_large', 'This picture is larger than the server takes.');
    throw error;
  }
}

const wait = (seconds: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, seconds * 1000);
    signal.addEventListener('abort', () => (clearTimeout(timer), reject(signal.reason)));
  });

/** A busy server is asked once more, after the time it names; `onWait` hears of it. */
async function postPatiently(
  path: string,
  picture: Blob,
  signal: AbortSignal,
  onWait: (seconds: number) => void = () => {},
): Promise<Response> {
  const kLongestWait = 10;
  let response = await post(path, picture, signal);
  if (response.status === 503 || response.status === 429) {
    const seconds = Math.min(Number(response.headers.get('Retry-After')) || 1, kLongestWait);
    onWait(seconds);
    await wait(seconds, signal);
    response = await post(path, picture, signal);
  }
  if (!response.ok) throw await troubleOf(response);
  return response;
}

export interface Found {
  answer: PictureAnswer;
  json: string; // as it came
  milliseconds: number; // from the last try to the answer
}

export async function findPoses(
  picture: Blob,
  signal: AbortSignal,
  onWait: (seconds: number) => void,
): Promise<Found> {
  let begin = performance.now();
  const response = await postPatiently('v1/poses', picture, signal, (seconds) => {
    onWait(seconds);
    begin = performance.now() + seconds * 1000;
  });
  const json = await response.text();
  return { answer: JSON.parse(json), json, milliseconds: performance.now() - begin };
}

/** The picture as the server sees it, for a kind that the browser cannot show; next to nothing is drawn in. */
export async function fetchPicture(picture: Blob, signal: AbortSignal): Promise<Blob> {
  return await (await postPatiently('v1/poses?draw=1&min_score=1', picture, signal)).blob();
}

export function streamUrl(): URL {
  const address = url('v1/stream');
  address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:';
  if (token.get()) address.searchParams.set('token', token.get()); // browsers give WebSockets no headers
  return address;
}
